-- Adds deadlines, and removes others.
--
-- KEYS  1 deadlines
-- ARGV  1 number of those removed, them, then for each one added: when, in milliseconds since 1970, and it
-- reply {'done'}
local removed = tonumber(ARGV[1])
assert(removed and removed >= 0 and removed % 1 == 0 and 1 + removed <= #ARGV and (#ARGV - removed) % 2 == 1,
  'an argument is missing')
for i = 2 + removed, #ARGV, 2 do
  assert(string.match(ARGV[i], '^%-?%d+$') and #ARGV[i] <= 17, 'a deadline has no time')
end
redis.call('ZADD', KEYS[1], '0', '') -- a set that went could not be made again while its slot is moved
for i = 2, 1 + removed do redis.call('ZREM', KEYS[1], ARGV[i]) end
for i = 2 + removed, #ARGV, 2 do redis.call('ZADD', KEYS[1], 'NX', ARGV[i], ARGV[i + 1]) end
redis.call('ZREM', KEYS[1], '')
return {'done'}
