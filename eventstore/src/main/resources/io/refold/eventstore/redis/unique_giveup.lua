-- Frees a confirmed value, and remembers the commands that had claimed it.
--
-- KEYS  1 the value
-- ARGV  1 owner, 2 command id, 3 milliseconds to remember it
-- reply {1} if the value is free now, else {0}
local key, owner, command, remembered = KEYS[1], ARGV[1], ARGV[2], given_time(ARGV[3])

local held = redis.call('HMGET', key, 'owner', 'command', 'until')
if not held[1] then return {1} end
if held[1] ~= owner or held[2] ~= command or held[3] then return {0} end

local now = milliseconds()
local past = past_claims(key)
for _, claim in ipairs(past) do
  if claim[3] == 0 then claim[3] = now end
end
put(key, with_claim(past, owner, command, now, now - remembered))
redis.call('PEXPIRE', key, remembered)
return {1}
