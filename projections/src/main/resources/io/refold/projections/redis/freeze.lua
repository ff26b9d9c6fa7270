-- Takes the old generation's lease for a switch to a fresh one, without expiry.
--
-- KEYS  1 lease of the old generation, 2 its at, 3 at of the fresh one
-- ARGV  1 number of the fresh generation
-- reply {epoch, settled}; {} if a generation has no keys here
if redis.call('EXISTS', KEYS[2]) == 0 or redis.call('EXISTS', KEYS[3]) == 0 then return {} end
local settled = redis.call('HGET', KEYS[2], 'settled')
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local lease = redis.call('HMGET', KEYS[1], 'epoch', 'fenced')
local epoch = string.format('%.0f', math.max(tonumber(lease[1] or 0) + (lease[2] and 0 or 1), now))
redis.call('HSET', KEYS[1], 'owner', 'rebuild', 'epoch', epoch, 'expires', '0', 'fenced', ARGV[1])
return {epoch, settled}
