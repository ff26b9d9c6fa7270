-- Takes a parked stream off the record, with what was asked about it.
--
-- KEYS  1 lease, 2 parked
-- ARGV  1 owner, 2 epoch, 3 stream
-- reply {'done'}, {'not-owner'}
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'fenced')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or lease[3] then return {'not-owner'} end
redis.call('HDEL', KEYS[2], 'p:' .. ARGV[3], 'r:' .. ARGV[3])
return {'done'}
