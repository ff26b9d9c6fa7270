-- Records dropped events. A stream that is parked at one of them is parked from the next event on, and to
-- be retried.
--
-- KEYS  1 lease, 2 parked, 3 dropped
-- ARGV  1 owner, 2 epoch, 3 reason, then for each event: version, stream
-- reply {'done'}, {'not-owner'}
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'fenced')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or lease[3] then return {'not-owner'} end
assert(#ARGV % 2 == 1, 'an argument is missing')
redis.call('HLEN', KEYS[2]) -- fails where it is no hash, before anything is written
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
for i = 4, #ARGV, 2 do
  local version, stream = ARGV[i], ARGV[i + 1]
  redis.call('HSETNX', KEYS[3], version .. ' ' .. stream, now .. ' ' .. ARGV[3])
  local first, rest = string.match(redis.call('HGET', KEYS[2], 'p:' .. stream) or '', '^(%d+)( .*)$')
  if first == version then
    redis.call('HSET', KEYS[2], 'p:' .. stream, string.format('%.0f', first + 1) .. rest, 'r:' .. stream, 'retry')
  end
end
return {'done'}
