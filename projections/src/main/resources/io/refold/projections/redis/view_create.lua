-- Creates an empty shard; keeps one that exists.
--
-- KEYS  1 head
-- ARGV  none
-- reply {1} if it was created, else {0}
return {redis.call('HSETNX', KEYS[1], 'rev', '0')}
