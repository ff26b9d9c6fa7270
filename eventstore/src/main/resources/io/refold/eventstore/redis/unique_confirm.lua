-- Makes a reservation permanent.
--
-- KEYS  1 the value
-- ARGV  1 owner, 2 command id
-- reply {1} if the value is the owner's under this command, else {0}
local key, owner, command = KEYS[1], ARGV[1], ARGV[2]

local held = redis.call('HMGET', key, 'owner', 'command', 'until')
if held[1] ~= owner or held[2] ~= command then return {0} end
if held[3] then
  put(key, past_claims(key), 'owner', owner, 'command', command)
end
return {1}
