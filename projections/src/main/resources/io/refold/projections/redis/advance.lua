-- Moves the event from which on a stream is parked; everything else on record stays.
--
-- KEYS  1 lease, 2 parked
-- ARGV  1 owner, 2 epoch, 3 stream, 4 first version that waits
-- reply {'done'}, {'not-owner'}
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'fenced')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or lease[3] then return {'not-owner'} end
local rest = string.match(redis.call('HGET', KEYS[2], 'p:' .. ARGV[3]) or '', '^%d+( .*)$')
if rest then redis.call('HSET', KEYS[2], 'p:' .. ARGV[3], ARGV[4] .. rest) end
return {'done'}
