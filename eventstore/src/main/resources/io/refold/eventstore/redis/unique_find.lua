-- Returns who holds a value.
--
-- KEYS  1 the value
-- reply {owner, command id, 1 if it is confirmed, else 0}, or {} if the value is free
local held = redis.call('HMGET', KEYS[1], 'owner', 'command', 'until')
if not held[1] then return {} end
return {held[1], held[2], held[3] and 0 or 1}
