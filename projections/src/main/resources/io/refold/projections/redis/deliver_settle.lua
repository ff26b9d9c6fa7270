-- Acknowledges an entry that is still the consumer's, and records which of its events could not be handled,
-- instead of what was on record of it.
--
-- KEYS  1 log, 2 parked
-- ARGV  1 group, 2 consumer, 3 id, then for each event: '<version> <stream>', how often it was tried, why
--       it fails
-- reply {1} if it was the consumer's, else {0}
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2])
if pending.err or #pending == 0 then return {0} end
assert(#ARGV % 3 == 0, 'an argument is missing')
local recorded = redis.call('HLEN', KEYS[2]) > 0
local entry = redis.call('XRANGE', KEYS[1], ARGV[3], ARGV[3])[1]
local lines = entry and entry[2][2] or ''
for count in string.gmatch(lines, '%d+ (%d+) [^\n]+') do
  assert(tonumber(count) <= 1e5, 'the log entry is damaged')
end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
if recorded then
  for first, count, stream in string.gmatch(lines, '(%d+) (%d+) ([^\n]+)') do
    for version = tonumber(first), first + count - 1 do
      redis.call('HDEL', KEYS[2], string.format('e:%.0f %s', version, stream))
    end
  end
end
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
for i = 4, #ARGV, 3 do
  redis.call('HSET', KEYS[2], 'e:' .. ARGV[i], ARGV[i + 1] .. ' ' .. now .. ' ' .. ARGV[i + 2])
end
return {1}
