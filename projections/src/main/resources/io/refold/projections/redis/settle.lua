-- Records up to where everything is applied, never backwards, and acknowledges to the group.
--
-- KEYS  1 lease, 2 at, 3 log
-- ARGV  1 owner, 2 epoch, 3 group, 4 log id, 5 number of the log's events up to there,
--       6 number of marks up to there whose data rows still have,
--       7 number of acknowledged ids, the ids; then for each shard that was written: shard, checkpoint
-- reply {'done'}, {'not-owner'}, {'lost'}
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'fenced')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or lease[3] then return {'not-owner'} end
if ARGV[4] ~= '0-0' and #redis.call('XRANGE', KEYS[3], ARGV[4], ARGV[4]) == 0 then return {'lost'} end
local at = redis.call('HMGET', KEYS[2], 'settled', 'events', 'rated')
local acknowledged = tonumber(ARGV[7])
assert(acknowledged and acknowledged >= 0 and acknowledged % 1 == 0 and 7 + acknowledged <= #ARGV and
  (#ARGV - acknowledged) % 2 == 1, 'an argument is missing')
for i = 8, 7 + acknowledged do
  local number, time = string.match(ARGV[i], '^(%d+)-(%d+)$')
  assert(number and #number <= 18 and #time <= 18, 'an acknowledged id is none')
end
if tonumber(string.match(ARGV[4], '^%d+')) > tonumber(string.match(at[1], '^%d+')) then
  redis.call('HSET', KEYS[2], 'settled', ARGV[4], 'events', ARGV[5], 'outdated', ARGV[6])
  local time = redis.call('TIME') -- every ten seconds, the rate is measured from here on
  if tonumber(time[1]) - (tonumber(string.match(at[3] or '', '^%d+')) or 0) > 10 then
    redis.call('HSET', KEYS[2], 'rated', time[1] .. ' ' .. (at[2] or 0))
  end
end
for from = 8, 7 + acknowledged, 1000 do
  redis.call('XACK', KEYS[3], ARGV[3], unpack(ARGV, from, math.min(from + 999, 7 + acknowledged)))
end
for i = 8 + acknowledged, #ARGV, 2 do
  redis.call('HSET', KEYS[2], 'shard:' .. ARGV[i], ARGV[i + 1])
end
return {'done'}
