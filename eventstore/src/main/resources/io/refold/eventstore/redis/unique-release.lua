-- Takes back one attempt of a reservation, and frees the value with the last one.
--
-- KEYS  1 the value
-- ARGV  1 owner, 2 command id, 3 attempt
-- reply {1} if the value is free now, else {0}
local key = KEYS[1]

local held = redis.call('HMGET', key, 'owner', 'command', 'until')
if not held[1] then return {1} end
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] or not held[3] then return {0} end
redis.call('HDEL', key, 'attempt:' .. ARGV[3])
if redis.call('HLEN', key) > 4 then return {0} end -- owner, command, until, hold, and attempts
redis.call('DEL', key)
return {1}
