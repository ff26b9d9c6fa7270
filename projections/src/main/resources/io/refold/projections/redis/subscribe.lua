-- Creates a generation's place in a partition; keeps one that exists.
--
-- KEYS  1 at
-- ARGV  1 log id behind which it begins, 2 number of the log's events up to there
-- reply {1} if it was created, else {0}
if redis.call('EXISTS', KEYS[1]) == 1 then return {0} end
redis.call('HSET', KEYS[1], 'settled', ARGV[1], 'events', ARGV[2], 'grouped', '0', 'problem', '')
return {1}
