-- Writes a row under a fence, and puts it into the order of keys or out of it.
--
-- KEYS  1 head, 2 rows, 3 keys, 4.. indexes
-- ARGV  1 partition, 2 owner, 3 epoch, 4 key, 5 revision that was read (0: no row), 6 JSON ('': delete the
--       row), 7 number of index entries it loses, for each the index's number from 1 and the value, and
--       likewise those it gets
-- reply {'done'}, {'fenced'}, {'conflict'}, {'gone'}
local head = redis.call('HMGET', KEYS[1], 'rev', 'o' .. ARGV[1])
if not head[1] then return {'gone'} end
if head[2] ~= ARGV[3] .. ' ' .. ARGV[2] then return {'fenced'} end
local key = ARGV[4]
local stored = redis.call('HGET', KEYS[2], key)
if (stored and string.match(stored, '^(%d+) ') or '0') ~= ARGV[5] then return {'conflict'} end
local removed = tonumber(ARGV[7])
assert(removed and removed >= 0 and #ARGV >= 8 + 2 * removed and #ARGV % 2 == 0, 'an argument is missing')
local function check(first, last)
  for i = first, last, 2 do
    local index = tonumber(ARGV[i])
    assert(index and index >= 1 and KEYS[3 + index], 'there is no such index')
  end
end
check(8, 7 + 2 * removed)
check(9 + 2 * removed, #ARGV)
local revision = string.format('%.0f', tonumber(head[1]) + 1)
for i = 3, #KEYS do redis.call('ZCARD', KEYS[i]) end -- fails where one is no order, before anything is written
if ARGV[6] == '' then
  redis.call('HDEL', KEYS[2], key)
  redis.call('ZREM', KEYS[3], key)
else
  redis.call('HSET', KEYS[1], 'rev', revision)
  redis.call('HSET', KEYS[2], key, revision .. ' ' .. ARGV[6])
  redis.call('ZADD', KEYS[3], '0', key)
end
-- What is new comes first: where the last entry goes an index goes too, and while its slot is moved it
-- cannot be made again.
local got = {}
for i = 9 + 2 * removed, #ARGV, 2 do
  got[ARGV[i] .. ' ' .. ARGV[i + 1]] = true
  redis.call('ZADD', KEYS[3 + ARGV[i]], '0', ARGV[i + 1] .. '\0' .. key)
end
for i = 8, 7 + 2 * removed, 2 do
  if not got[ARGV[i] .. ' ' .. ARGV[i + 1]] then
    redis.call('ZREM', KEYS[3 + ARGV[i]], ARGV[i + 1] .. '\0' .. key)
  end
end
return {'done'}
