-- Writes rows, indexes and one field of the head (a partition's checkpoint, or the note of a parked
-- stream) of one shard, if nothing has changed since it was read. Arguments come in sections, which
-- are mostly passed on as they are: taking each row apart here took four times as long.
--
-- KEYS  1 head, 2 rows, 3 keys, 4.. indexes
-- ARGV  1 partition, 2 owner, 3 epoch, 4 field of the head, 5 its value that was read, 6 its new value,
--       then sections, each the number of its arguments and these: further fields and values, written
--       where they are not there; the keys of all rows; their revisions that were read (0: no row);
--       keys and JSON of the rows to write; keys of rows to delete; keys of new rows; then for each
--       index the members it loses, and others that it gets
-- reply {'done'}, {'fenced'}, {'conflict'}, {'gone'}
local head = redis.call('HMGET', KEYS[1], 'rev', 'o' .. ARGV[1], ARGV[4])
if not head[1] then return {'gone'} end
if head[2] ~= ARGV[3] .. ' ' .. ARGV[2] then return {'fenced'} end
if (head[3] or '0-0') ~= ARGV[5] then return {'conflict'} end

local revision = tonumber(head[1])
assert(revision, 'the revision counter of the head is damaged')
local sections, at = {}, 7 -- all of them, and the types of all keys, before anything is written
while at <= #ARGV do
  local size = tonumber(ARGV[at])
  assert(size and size >= 0 and size % 1 == 0 and at + size <= #ARGV, 'a section is not as long as it says')
  sections[#sections + 1] = at
  at = at + 1 + size
end
assert(#sections == 6 + 2 * (#KEYS - 3), 'a section is missing')
for i = 3, #KEYS do redis.call('ZCARD', KEYS[i]) end

local next_section = 0
local function section()
  next_section = next_section + 1
  local first = sections[next_section] + 1
  return first, first + tonumber(ARGV[first - 1]) - 1
end
-- Calls a function with parts of a section: a call takes a few thousand arguments at most.
local function parts(first, last, size, part)
  for from = first, last, size do part(from, math.min(from + size - 1, last)) end
end

local further, further_last = section()
local keys, keys_last = section()
local revisions, revisions_last = section()
assert((further_last - further) % 2 == 1 and revisions_last - revisions == keys_last - keys, 'an argument is missing')
for from = keys, keys_last, 1000 do
  local to = math.min(from + 999, keys_last)
  local stored = redis.call('HMGET', KEYS[2], unpack(ARGV, from, to))
  for i = from, to do
    local row = stored[i - from + 1]
    local revision = row and string.match(row, '^%d+') or '0'
    if revision ~= ARGV[revisions + i - keys] then return {'conflict'} end
  end
end

local function remove(command, key, first, last)
  parts(first, last, 1000, function(from, to) redis.call(command, key, unpack(ARGV, from, to)) end)
end
local function insert(key, first, last)
  parts(first, last, 500, function(from, to)
    local members, n = {}, 0
    for i = from, to do
      members[n + 1], members[n + 2] = '0', ARGV[i]
      n = n + 2
    end
    redis.call('ZADD', key, unpack(members))
  end)
end

local written, written_last = section()
assert((written_last - written) % 2 == 1, 'an argument is missing')
redis.call('HLEN', KEYS[2])
parts(written, written_last, 1000, function(from, to)
  local rows, n = {}, 0
  for i = from, to, 2 do
    revision = revision + 1
    rows[n + 1], rows[n + 2] = ARGV[i], string.format('%.0f ', revision) .. ARGV[i + 1]
    n = n + 2
  end
  redis.call('HSET', KEYS[2], unpack(rows))
end)
-- What is new comes before what goes: where the last member goes a key goes too, and while its slot is
-- moved it cannot be made again.
local deleted, deleted_last = section()
insert(KEYS[3], section())
remove('HDEL', KEYS[2], deleted, deleted_last)
remove('ZREM', KEYS[3], deleted, deleted_last)
for index = 4, #KEYS do
  local lost, lost_last = section()
  insert(KEYS[index], section())
  remove('ZREM', KEYS[index], lost, lost_last)
end
for i = further, further_last, 2 do redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], 'rev', string.format('%.0f', revision), ARGV[4], ARGV[6])
return {'done'}
