-- Takes back one attempt of a reservation, and frees the value with the last one.
--
-- KEYS  1 the value
-- ARGV  1 owner, 2 command id, 3 attempt, 4 milliseconds to remember what had claimed it
-- reply {1} if the value is free now, else {0}
local key, remembered = KEYS[1], given_time(ARGV[4])

local held = redis.call('HMGET', key, 'owner', 'command', 'until', 'past')
if not held[1] then return {1} end
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] or not held[3] then return {0} end
local past = past_claims(key)
redis.call('HDEL', key, 'attempt:' .. ARGV[3])
local others = held[4] and 5 or 4 -- owner, command, until, hold, past claims
if redis.call('HLEN', key) > others then return {0} end -- attempts
put(key, past)
if held[4] then redis.call('PEXPIRE', key, remembered) end
return {1}
