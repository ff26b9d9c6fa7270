-- Acknowledges an entry, and records which of its events could not be handled, unless that was done.
--
-- KEYS  1 log, 2 parked
-- ARGV  1 group, 2 id, then for each event: '<version> <stream>', how often it was tried, why it fails
-- reply {1} if it was under way, else {0}
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return {0} end
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
for i = 3, #ARGV, 3 do
  redis.call('HSET', KEYS[2], 'e:' .. ARGV[i], ARGV[i + 1] .. ' ' .. now .. ' ' .. ARGV[i + 2])
end
return {1}
