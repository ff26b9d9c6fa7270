-- Puts a generation that has lost its history in a partition behind another place of the log.
--
-- KEYS  1 at, 2 parked, 3 dropped, 4 log
-- ARGV  1 group, 2 log id behind which it begins, 3 number of the log's events up to there
-- reply {1} if it was lost, else {0}
if string.sub(redis.call('HGET', KEYS[1], 'problem') or '', 1, 6) ~= 'lost: ' then return {0} end
assert(ARGV[3], 'an argument is missing')
if redis.call('EXISTS', KEYS[4]) == 1 then redis.call('XGROUP', 'DESTROY', KEYS[4], ARGV[1]) end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.call('HSET', KEYS[1], 'settled', ARGV[2], 'events', ARGV[3], 'grouped', '0', 'problem', '')
return {1}
