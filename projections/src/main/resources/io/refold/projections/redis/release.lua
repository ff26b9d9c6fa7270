-- Gives a lease back, if it is held. Its epoch stays, so that the next one is higher.
--
-- KEYS  1 lease
-- ARGV  1 owner, 2 epoch
-- reply {1} if it was held, else {0}
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'fenced')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or lease[3] then return {0} end
redis.call('HSET', KEYS[1], 'owner', '', 'expires', '0')
return {1}
