-- Reserves a value.
--
-- KEYS  1 the value
-- ARGV  1 owner, 2 command id, 3 attempt, 4 milliseconds to hold it, 5 milliseconds to remember it
-- reply {'reserved'}
--       {'taken', owner}
--       {'expired', owner, command id}
--       {'given up'}: the owner had the value by this command
local key, owner, command, attempt = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local hold, remembered = given_time(ARGV[4]), given_time(ARGV[5])

local now = milliseconds()
local past = past_claims(key)
if given_up(past, owner, command) then return {'given up'} end

local held = redis.call('HMGET', key, 'owner', 'command', 'until', 'hold')
if held[1] and not held[3] then
  if held[1] ~= owner then return {'taken', held[1]} end
  if held[2] ~= command then
    put(key, with_claim(past, owner, held[2], 0, now - remembered),
      'owner', owner, 'command', command)
  end
  return {'reserved'}
end
if held[1] and (held[1] ~= owner or held[2] ~= command) then
  -- An expiry further ahead than the time to hold: the clock is another server's.
  local left = tonumber(held[3]) - now
  if left > 0 and left <= tonumber(held[4]) then return {'taken', held[1]} end
  return {'expired', held[1], held[2]}
end
if not held[1] then put(key, past) end -- which then lasts
redis.call('HSET', key, 'owner', owner, 'command', command,
  'until', string.format('%.0f', now + hold), 'hold', ARGV[4], 'attempt:' .. attempt, '')
return {'reserved'}
