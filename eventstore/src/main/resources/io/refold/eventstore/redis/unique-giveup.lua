-- Frees a confirmed value.
--
-- KEYS  1 the value
-- ARGV  1 owner, 2 command id
-- reply {1} if the value is free now, else {0}
local held = redis.call('HMGET', KEYS[1], 'owner', 'command', 'until')
if not held[1] then return {1} end
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] or held[3] then return {0} end
redis.call('DEL', KEYS[1])
return {1}
