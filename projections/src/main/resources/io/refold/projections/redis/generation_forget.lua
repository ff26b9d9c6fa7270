-- Takes a generation that is gone off the list, if it was listed long enough ago.
--
-- KEYS  1 views
-- ARGV  1 projection, 2 generation, 3 age in microseconds
-- reply {1} if it is off the list, else {0}
local name = ARGV[1] .. ':'
local seen = redis.call('HMGET', KEYS[1], name .. 'gone', name .. 'gone:' .. ARGV[2])
if not seen[2] then return {1} end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
if tonumber(seen[2]) + tonumber(ARGV[3]) > now then return {0} end
local rest = {}
for gone in string.gmatch(seen[1] or '', '%d+') do
  if gone ~= ARGV[2] then rest[#rest + 1] = gone end
end
redis.call('HDEL', KEYS[1], name .. 'gone:' .. ARGV[2], name .. 'gen:' .. ARGV[2])
if #rest == 0 then
  redis.call('HDEL', KEYS[1], name .. 'gone')
else
  redis.call('HSET', KEYS[1], name .. 'gone', table.concat(rest, ' '))
end
return {1}
