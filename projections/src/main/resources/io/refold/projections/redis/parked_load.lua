-- Reads a hash of what is parked or dropped, for the partition's owner.
--
-- KEYS  1 lease, 2 parked or dropped
-- ARGV  1 owner, 2 epoch
-- reply {'ok', field, value …}; {} if the lease is not held
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'fenced')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or lease[3] then return {} end
local reply = redis.call('HGETALL', KEYS[2])
table.insert(reply, 1, 'ok')
return reply
