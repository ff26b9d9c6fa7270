-- Makes the fresh generation of a rebuild the live one of its version, and lists one that it replaces as
-- gone.
--
-- KEYS  1 views
-- ARGV  1 projection, 2 '<fresh> <old> <purpose>', 3 version
-- reply {1}; {0} if the rebuild is not there any more
local name = ARGV[1] .. ':'
local seen = redis.call('HMGET', KEYS[1], name .. 'rebuild', name .. 'live:' .. ARGV[3], name .. 'gone', name .. 'versions')
if seen[1] ~= ARGV[2] then return {0} end
local fresh = string.match(ARGV[2], '^%d+')
assert(fresh, 'the rebuild is damaged')
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
if seen[2] then
  redis.call('HSET', KEYS[1], name .. 'gone', (seen[3] or '') .. ' ' .. seen[2], name .. 'gone:' .. seen[2], now)
else
  redis.call('HSET', KEYS[1], name .. 'versions', (seen[4] or '') .. ' ' .. ARGV[3])
end
redis.call('HSET', KEYS[1], name .. 'live:' .. ARGV[3], fresh, name .. 'seen:' .. ARGV[3], now)
redis.call('HDEL', KEYS[1], name .. 'rebuild', name .. 'coordinator', name .. 'terms')
return {1}
