-- Ends a rebuild, and lists its fresh generation as gone.
--
-- KEYS  1 views
-- ARGV  1 projection, 2 '<fresh> <old> <purpose>'
-- reply {1}; {0} if the rebuild is not there any more
local name = ARGV[1] .. ':'
local seen = redis.call('HMGET', KEYS[1], name .. 'rebuild', name .. 'gone')
if seen[1] ~= ARGV[2] then return {0} end
local fresh = string.match(ARGV[2], '^%d+')
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], name .. 'gone', (seen[2] or '') .. ' ' .. fresh,
  name .. 'gone:' .. fresh, string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2])))
redis.call('HDEL', KEYS[1], name .. 'rebuild', name .. 'coordinator', name .. 'terms')
return {1}
