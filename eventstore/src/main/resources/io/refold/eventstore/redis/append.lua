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
--       {'refused', number of a stream, 'closed', 'deleted' or 'cancelled'}
--       {'conflict', for each stream that differs: its number, last version, missed entries}
--
-- The id of an event's entry is '<version>-0', so the stream itself refuses a second event with the
-- same version. XLEN <= last version always, and XADD of version v succeeds only if the last version
-- is below v: so XLEN == expected and a successful XADD of expected + 1 prove that the last version
-- was exactly the expected one. The log's numbers come from a counter, not from its length: were an
-- entry deleted by hand, its length would give out a number twice, and readers could not notice.
local window, page = tonumber(ARGV[3]), tonumber(ARGV[4])

-- Redis refuses the first write where it takes none now (a replica, no memory, no replicas): its own
-- error says so. Later ones fail only where somebody has tampered with the store: all is undone.
local function undo(failure, written)
  if #written == 0 and not string.find(failure, 'equal or smaller', 1, true) then
    return redis.error_reply(failure)
  end
  for _, w in ipairs(written) do
    for version = w.last + 1, w.last + w.added do redis.call('XDEL', w.key, version .. '-0') end
    if w.last == 0 then redis.call('DEL', w.key) else redis.call('XSETID', w.key, w.last .. '-0') end
  end
  return redis.error_reply('REFOLD nothing was written, a stream or the log of ' .. ARGV[5] ..
    ' was changed from outside: ' .. failure)
end

if done > 0 then
  return undo(failure, {{key = KEYS[3], last = tonumber(ARGV[6]), added = done}})
end

local writes, arg = {}, 5
for i = 3, #KEYS do
  local events = tonumber(ARGV[arg + 2])
  writes[i - 2] = {
    key = KEYS[i], name = ARGV[arg], expected = tonumber(ARGV[arg + 1]), count = events, events = arg + 3
  }
  arg = arg + 3 + 2 * events
end

local versions, conflicts, refused = {}, {}, nil
local repeated, absent = nil, false -- a stream that has the command; whether another surely has not
for i, write in ipairs(writes) do
  local last, ended = last_version(write.key)
  if ended then refused = refused or {'refused', i, ended} end
  local known = math.max(write.expected, 0)
  local oldest = math.max(known + 1, last - window + 1)
  local version, type = last_of(command, write.key, oldest, last)
  if type == '$cancelled' then return {'refused', i, 'cancelled'} end
  versions[i] = version
  if version > 0 then repeated = repeated or i end
  if version == 0 and oldest <= known + 1 then absent = true end
  if write.expected >= 0 and write.expected ~= last then
    conflicts[#conflicts + 1] = i
    conflicts[#conflicts + 1] = last
    conflicts[#conflicts + 1] = missed(write.key, known, page)
  end
  write.last = last
end
if repeated and absent then return {'misuse', repeated} end
if repeated then return {'repeat', newest(log), unpack(versions)} end
if refused then return refused end
if #conflicts > 0 then return {'conflict', unpack(conflicts)} end

local number, position, counted = next_position(count)
local reply, pointers, events, written = {'ok', position}, {}, 0, {}
for i, write in ipairs(writes) do
  write.added = 0
  for n = 0, write.count - 1 do
    local at, id = write.events + 2 * n, string.format('%.0f-0', write.last + n + 1)
    local fields = {'t', ARGV[at], 'd', ARGV[at + 1], 'c', command, 'p', position}
    if metadata ~= '' then
      fields[9], fields[10] = 'm', metadata
    end
    local added = redis.pcall('XADD', write.key, id, unpack(fields))
    if added.err then return undo(added.err, written) end
    write.added, written[i] = n + 1, write
  end
  pointers[i] = string.format('%.0f %d %s', write.last + 1, write.count, write.name)
  reply[i + 2] = write.last + write.count
  events = events + write.count
end
local logged = redis.pcall('XADD', log, position, 'w', table.concat(pointers, '\n'))
if logged.err then return undo(logged.err, written) end
redis.call('HSET', count, 'appends', number, 'events', counted + events)
return reply
