-- Reads a span of a shard's rows, in the order of their keys or of an index.
--
-- KEYS  1 head, 2 rows, 3 keys or index
-- ARGV  1 lowest member, 2 highest member, as ZRANGE BYLEX has them, 3 '1': highest first,
--       4 how many at most, 5 '1': members of an index, '0': keys
-- reply {'ok', member, '<revision> <json>', member …}; {} if the shard is not there
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
local members
if ARGV[3] == '1' then
  members = redis.call('ZRANGE', KEYS[3], ARGV[2], ARGV[1], 'BYLEX', 'REV', 'LIMIT', 0, ARGV[4])
else
  members = redis.call('ZRANGE', KEYS[3], ARGV[1], ARGV[2], 'BYLEX', 'LIMIT', 0, ARGV[4])
end
local reply = {'ok'}
for from = 1, #members, 1000 do
  local keys = {}
  for i = from, math.min(from + 999, #members) do
    local member = members[i]
    keys[#keys + 1] = ARGV[5] == '1' and string.sub(member, string.find(member, '\0', 1, true) + 1) or member
  end
  for i, row in ipairs(redis.call('HMGET', KEYS[2], unpack(keys))) do
    if row then
      reply[#reply + 1] = members[from + i - 1]
      reply[#reply + 1] = row
    end
  end
end
return reply
