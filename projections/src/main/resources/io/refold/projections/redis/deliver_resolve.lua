-- Ends or replaces the record of an event that could not be handled.
--
-- KEYS  1 parked, 2 dropped
-- ARGV  1 '<version> <stream>', 2 'replace', 'remove' or 'drop', 3 how often it was tried (replace),
--       4 why it fails, or may be left out
-- reply {1} if there was a record, else {0}
local record = redis.call('HGET', KEYS[1], 'e:' .. ARGV[1])
if not record then return {0} end
if ARGV[2] == 'replace' then
  local since = string.match(record, '^%d+ (%d+) ')
  redis.call('HSET', KEYS[1], 'e:' .. ARGV[1], ARGV[3] .. ' ' .. since .. ' ' .. ARGV[4])
  return {1}
end
if ARGV[2] == 'drop' then
  local time = redis.call('TIME')
  local now = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
  redis.call('HSETNX', KEYS[2], ARGV[1], now .. ' ' .. ARGV[4])
end
redis.call('HDEL', KEYS[1], 'e:' .. ARGV[1])
return {1}
