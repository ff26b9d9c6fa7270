-- Writes rows, indexes and one field of the head (a partition's checkpoint, or the note of a parked
-- stream) of one shard, if nothing has changed since it was read.
--
-- KEYS  1 head, 2 rows, 3 keys, 4.. indexes
-- ARGV  1 partition, 2 owner, 3 epoch, 4 field of the head, 5 its value that was read, 6 its new value,
--       7 number of further fields, for each name and value, written where they are not there; then for
--       each row: key, revision that was read (0: no row), JSON ('': delete the row), number of index
--       entries it loses, for each the index's number from 1 and the value, and likewise those it gets
-- reply {'done'}, {'fenced'}, {'conflict'}, {'gone'}
local head = redis.call('HMGET', KEYS[1], 'rev', 'o' .. ARGV[1], ARGV[4])
if not head[1] then return {'gone'} end
if head[2] ~= ARGV[3] .. ' ' .. ARGV[2] then return {'fenced'} end
if (head[3] or '0-0') ~= ARGV[5] then return {'conflict'} end

local further = 7 + 2 * tonumber(ARGV[7])
local rows, keys, arg = {}, {}, further + 1
while arg <= #ARGV do
  local row = {key = ARGV[arg], revision = ARGV[arg + 1], json = ARGV[arg + 2], removed = arg + 4}
  row.added = row.removed + 2 * tonumber(ARGV[arg + 3]) + 1
  arg = row.added + 2 * tonumber(ARGV[row.added - 1])
  row.last = arg
  rows[#rows + 1], keys[#keys + 1] = row, row.key
end
for from = 1, #keys, 1000 do
  local stored = redis.call('HMGET', KEYS[2], unpack(keys, from, math.min(from + 999, #keys)))
  for i = 1, math.min(1000, #keys - from + 1) do
    local revision = stored[i] and string.match(stored[i], '^%d+') or '0'
    if revision ~= rows[from + i - 1].revision then return {'conflict'} end
  end
end

-- Collects the arguments of a command and sends them a thousand at a time.
local function collector(...)
  local command, arguments = {...}, {}
  local function flush()
    if #arguments > 0 then
      local call = {unpack(command)}
      for _, argument in ipairs(arguments) do call[#call + 1] = argument end
      redis.call(unpack(call))
      arguments = {}
    end
  end
  local function add(...)
    for _, argument in ipairs({...}) do arguments[#arguments + 1] = argument end
    if #arguments >= 1000 then flush() end
  end
  return add, flush
end

local set, set_rest = collector('HSET', KEYS[2])
local del, del_rest = collector('HDEL', KEYS[2])
local enlist, enlist_rest = collector('ZADD', KEYS[3])
local strike, strike_rest = collector('ZREM', KEYS[3])
local revision = tonumber(head[1])
for _, row in ipairs(rows) do
  if row.json ~= '' then
    revision = revision + 1
    set(row.key, string.format('%.0f ', revision) .. row.json)
    if row.revision == '0' then enlist('0', row.key) end
  elseif row.revision ~= '0' then
    del(row.key)
    strike(row.key)
  end
end
set_rest() del_rest() enlist_rest() strike_rest()
-- All that an index loses goes before what it gets: a row that keeps its value may be told both ways.
for number = 1, #KEYS - 3 do
  local remove, remove_rest = collector('ZREM', KEYS[3 + number])
  local insert, insert_rest = collector('ZADD', KEYS[3 + number])
  local wanted = tostring(number)
  for _, row in ipairs(rows) do
    for i = row.removed, row.added - 2, 2 do
      if ARGV[i] == wanted then remove(ARGV[i + 1] .. '\0' .. row.key) end
    end
  end
  remove_rest()
  for _, row in ipairs(rows) do
    for i = row.added, row.last - 1, 2 do
      if ARGV[i] == wanted then insert('0', ARGV[i + 1] .. '\0' .. row.key) end
    end
  end
  insert_rest()
end
for i = 8, further, 2 do redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], 'rev', string.format('%.0f', revision), ARGV[4], ARGV[6])
return {'done'}
