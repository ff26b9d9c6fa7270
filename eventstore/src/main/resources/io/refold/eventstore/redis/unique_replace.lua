-- Reserves a value for another one, if it is still reserved as given and not confirmed.
--
-- KEYS  1 the value
-- ARGV  1 owner until now, 2 its command id, 3 owner, 4 command id, 5 attempt, 6 milliseconds to hold it
-- reply {1} if it was, else {0}
local key, hold = KEYS[1], given_time(ARGV[6])

local held = redis.call('HMGET', key, 'owner', 'command', 'until')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] or not held[3] then return {0} end
local past = past_claims(key)
if given_up(past, ARGV[3], ARGV[4]) then return {0} end

put(key, past, 'owner', ARGV[3], 'command', ARGV[4],
  'until', string.format('%.0f', milliseconds() + hold), 'hold', ARGV[6], 'attempt:' .. ARGV[5], '')
return {1}
