-- Reads how far a partition is, for its owner.
--
-- KEYS  1 lease, 2 at
-- ARGV  1 owner, 2 epoch
-- reply fields and values of 'at'; {} if the lease is not held
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'fenced')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or lease[3] then return {} end
return redis.call('HGETALL', KEYS[2])
