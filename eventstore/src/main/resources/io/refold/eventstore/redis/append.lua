-- Appends events to one or several streams of a partition, and their entry to the partition's log,
-- or writes nothing at all.
--
-- KEYS  1 log, 2 count (hash: appends and events of the partition), 3.. the streams
-- ARGV  1 command id, 2 metadata (JSON, or ''), 3 how many events back a repeat is recognised,
--       4 how many missed events to return; then for each stream:
--       'category:id', expected last version (-1: any), number of events n, n times type and data
-- reply {'ok', log id, last version of each stream}
--       {'misuse', number of a stream that has the command id from another append}
--       {'repeat', newest log id, for each stream the last version this command wrote, or 0}
--       {'conflict', for each stream that differs: its number, last version, missed entries}
--
-- The id of an event's entry is '<version>-0', so the stream itself refuses a second event with the
-- same version. XLEN <= last version always, and XADD of version v succeeds only if the last version
-- is below v: so XLEN == expected and a successful XADD of expected + 1 prove that the last version
-- was exactly the expected one. The log's numbers come from a counter, not from its length: were an
-- entry deleted by hand, its length would give out a number twice, and readers could not notice.
local log, count = KEYS[1], KEYS[2]
local command, metadata = ARGV[1], ARGV[2]
local window, page = tonumber(ARGV[3]), tonumber(ARGV[4])

local CLOSED = '18446744073709551615' -- the last id of a closed stream: no other can follow

-- The last version, and whether the stream is closed.
local function last_version(key)
  if redis.call('EXISTS', key) == 0 then return 0 end
  local info = redis.call('XINFO', 'STREAM', key)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      local last = string.match(info[i + 1], '^%d+')
      if last ~= CLOSED then return tonumber(last) end
      local entry = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
      return entry and tonumber(string.match(entry[1], '^%d+')) or 0, true
    end
  end
end

local function add(key, version, type, data, position)
  if metadata == '' then
    return redis.pcall('XADD', key, version .. '-0', 't', type, 'd', data, 'c', command, 'p', position)
  end
  return redis.pcall('XADD', key, version .. '-0',
    't', type, 'd', data, 'c', command, 'p', position, 'm', metadata)
end

local writes, arg = {}, 5
for i = 3, #KEYS do
  local events = tonumber(ARGV[arg + 2])
  writes[#writes + 1] = {
    key = KEYS[i], name = ARGV[arg], expected = tonumber(ARGV[arg + 1]), count = events, events = arg + 3
  }
  arg = arg + 3 + 2 * events
end

local time = redis.call('TIME')
local counted = redis.call('HMGET', count, 'appends', 'events')
local number = (tonumber(counted[1]) or 0) + 1
local position = string.format('%.0f-%s%06d', number, time[1], time[2])
local first = writes[1]
local done = 0 -- how many events of the first stream the short way has written

if #writes == 1 and first.expected >= 0 and redis.call('XLEN', first.key) == first.expected then
  local added = add(first.key, first.expected + 1, ARGV[first.events], ARGV[first.events + 1], position)
  if not added.err then
    first.last, done = first.expected, 1
  end
end

if done == 0 then
  local versions, conflicts, closed = {}, {}, nil
  local repeated, absent = nil, false -- a stream that has the command; whether another surely has not
  for i, write in ipairs(writes) do
    local last, is_closed = last_version(write.key)
    if is_closed then closed = closed or write end
    local known = math.max(write.expected, 0)
    local oldest = math.max(known + 1, last - window + 1)
    versions[i] = 0
    if oldest <= last then
      for _, entry in ipairs(redis.call('XREVRANGE', write.key, '+', string.format('%.0f-0', oldest))) do
        if entry[2][6] == command then
          repeated, versions[i] = repeated or i, tonumber(string.match(entry[1], '^%d+'))
          break
        end
      end
    end
    if versions[i] == 0 and oldest <= known + 1 then absent = true end
    if write.expected >= 0 and write.expected ~= last then
      conflicts[#conflicts + 1] = i
      conflicts[#conflicts + 1] = last
      conflicts[#conflicts + 1] =
        redis.call('XRANGE', write.key, string.format('%.0f-0', known + 1), '+', 'COUNT', page)
    end
    write.last = last
  end
  if repeated and absent then return {'misuse', repeated} end
  if repeated then
    local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)
    return {'repeat', newest[1] and newest[1][1] or '0-0', unpack(versions)}
  end
  if #conflicts > 0 then return {'conflict', unpack(conflicts)} end
  if closed then return redis.error_reply('REFOLD nothing was written: ' .. closed.name .. ' is closed') end
end

-- Below, Redis refuses the first write where it takes none now (a replica, no memory, no replicas): its
-- own error says so. Later ones fail only where somebody has tampered with the store: all is undone.
local function undo(failure, written)
  if #written == 0 and not string.find(failure, 'equal or smaller', 1, true) then
    return redis.error_reply(failure)
  end
  for _, w in ipairs(written) do
    for version = w.last + 1, w.last + w.added do redis.call('XDEL', w.key, version .. '-0') end
    if w.last == 0 then redis.call('DEL', w.key) else redis.call('XSETID', w.key, w.last .. '-0') end
  end
  return redis.error_reply('REFOLD nothing was written, a stream or the log of ' .. first.name ..
    ' was changed from outside: ' .. failure)
end

local reply, pointers, events = {'ok', position}, {}, 0
local written = {}
for i, write in ipairs(writes) do
  write.added = i == 1 and done or 0
  written[i] = write
  for n = write.added, write.count - 1 do
    local at = write.events + 2 * n
    local added = add(write.key, string.format('%.0f', write.last + n + 1), ARGV[at], ARGV[at + 1], position)
    if added.err then
      if write.added == 0 then written[i] = nil end
      return undo(added.err, written)
    end
    write.added = n + 1
  end
  pointers[i] = string.format('%.0f %d %s', write.last + 1, write.count, write.name)
  reply[i + 2] = write.last + write.count
  events = events + write.count
end
local logged = redis.pcall('XADD', log, position, 'w', table.concat(pointers, '\n'))
if logged.err then return undo(logged.err, written) end
redis.call('HSET', count, 'appends', string.format('%.0f', number),
  'events', string.format('%.0f', (tonumber(counted[2]) or 0) + events))
return reply
