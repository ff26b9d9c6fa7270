-- Reserves a value.
--
-- KEYS  1 the value
-- ARGV  1 owner, 2 command id, 3 attempt, 4 milliseconds to hold it
-- reply {'reserved'}
--       {'taken', owner}
--       {'expired', owner, command id}
local key, owner, command, attempt, hold = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local held = redis.call('HMGET', key, 'owner', 'command', 'until', 'hold')
if held[1] and not held[3] then
  if held[1] ~= owner then return {'taken', held[1]} end
  redis.call('HSET', key, 'command', command)
  return {'reserved'}
end
if held[1] and (held[1] ~= owner or held[2] ~= command) then
  -- An expiry further ahead than the time to hold: the clock is another server's.
  local left = tonumber(held[3]) - now
  if left > 0 and left <= tonumber(held[4]) then return {'taken', held[1]} end
  return {'expired', held[1], held[2]}
end
redis.call('HSET', key, 'owner', owner, 'command', command,
  'until', string.format('%.0f', now + tonumber(hold)), 'hold', hold, 'attempt:' .. attempt, '')
return {'reserved'}
