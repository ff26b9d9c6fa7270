-- Ends a rebuild, and lists its fresh generation as gone. A version that has no other is not started again
-- by itself.
--
-- KEYS  1 views
-- ARGV  1 projection, 2 '<fresh> <old> <purpose>'
-- reply {1}; {0} if the rebuild is not there any more
local name = ARGV[1] .. ':'
local seen = redis.call('HMGET', KEYS[1], name .. 'rebuild', name .. 'gone')
if seen[1] ~= ARGV[2] then return {0} end
local fresh = string.match(ARGV[2], '^%d+')
local version = cjson.decode(redis.call('HGET', KEYS[1], name .. 'gen:' .. fresh)).version
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], name .. 'gone', (seen[2] or '') .. ' ' .. fresh,
  name .. 'gone:' .. fresh, string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2])))
if string.match(ARGV[2], 'REBUILD') and redis.call('HEXISTS', KEYS[1], name .. 'live:' .. version) == 0 then
  redis.call('HSET', KEYS[1], name .. 'stopped', version)
end
redis.call('HDEL', KEYS[1], name .. 'rebuild', name .. 'coordinator', name .. 'terms')
return {1}
