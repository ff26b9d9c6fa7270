-- Creates a generation's place in a partition, at the log's beginning; keeps one that exists.
--
-- KEYS  1 at
-- ARGV  none
-- reply {1} if it was created, else {0}
if redis.call('EXISTS', KEYS[1]) == 1 then return {0} end
redis.call('HSET', KEYS[1], 'settled', '0-0', 'events', '0', 'grouped', '0', 'problem', '')
return {1}
