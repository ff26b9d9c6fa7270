-- Appends events to one or several streams of a partition, and their entry to the partition's log,
-- or writes nothing at all.
--
-- KEYS  1 log, 2 count (hash: appends and events of the partition), 3.. the streams
-- ARGV  1 command id, 2 metadata (JSON, or ''), 3 how many events back a repeat is recognised,
--       4 how many missed events to return; then for each stream:
--       'category:id', expected last version (-1: any), number of events n, n times type and data
-- reply {'ok', log id, last version of each stream}
--       {'misuse', number of a stream that has the command id from another append or a mark}
--       {'repeat', newest log id, for each stream the last version this command wrote, or 0}
--       {'refused', number of a stream, 'closed', 'deleted' or 'cancelled'}
--       {'conflict', for each stream that differs: its number, last version, missed entries}
--
-- The id of an event's entry is '<version>-0', so the stream itself refuses a second event with the
-- same version. XLEN <= last version always, and XADD of version v succeeds only if the last version
-- is below v: so XLEN == expected and a successful XADD of expected + 1 prove that the last version
-- was exactly the expected one. The log's numbers come from a counter, not from its length: were an
-- entry deleted by hand, its length would give out a number twice, and readers could not notice.
--
-- The long way reads each stream's last id, so only the log can refuse its entry, and gets it first.
-- The short way learns from the first event whether the stream takes it. If the log refuses then, it
-- was changed by hand, and the events are taken out: the stream is written anew without them, because
-- newer servers do not set the last id of a stream back below an entry deleted from it.
--
-- Both count first, and count back where an entry is refused: so a user who lacks a permission, be it
-- to count or to write entries, has written nothing, and the next append goes on.
local window, page = tonumber(ARGV[3]), tonumber(ARGV[4])

if ahead then count_back(count, counted) end
if done > 0 then
  local key = KEYS[3]
  local before = redis.call('XRANGE', key, '-', ARGV[6] .. '-0')
  redis.call('DEL', key)
  for _, entry in ipairs(before) do redis.call('XADD', key, entry[1], unpack(entry[2])) end
  return not_written(failure, ARGV[5])
end

assert(#KEYS > 2, 'no stream to append to')
local writes, arg = {}, 5
for i = 3, #KEYS do
  local events = tonumber(ARGV[arg + 2])
  assert(events and events > 0 and arg + 2 + 2 * events <= #ARGV, 'an event is missing')
  writes[i - 2] = {
    key = KEYS[i], name = ARGV[arg], expected = tonumber(ARGV[arg + 1]), count = events, events = arg + 3
  }
  arg = arg + 3 + 2 * events
end

local repeats, conflicts, refused = {'repeat', ''}, {'conflict'}, nil
local repeated, absent = nil, false -- a stream that has the command; whether another surely has not
for i, write in ipairs(writes) do
  local last, ended = last_version(write.key)
  if ended then refused = refused or {'refused', i, ended} end
  local known = math.max(write.expected, 0)
  local oldest = math.max(known + 1, last - window + 1)
  local version, type = last_of(command, write.key, oldest, last)
  if type == '$cancelled' then return {'refused', i, 'cancelled'} end
  if type and is_mark(type) then return {'misuse', i} end
  repeats[i + 2] = version
  if version > 0 then repeated = repeated or i end
  if version == 0 and oldest <= known + 1 and ended ~= 'deleted' then absent = true end
  if write.expected >= 0 and write.expected ~= last then
    local n = #conflicts
    conflicts[n + 1], conflicts[n + 2], conflicts[n + 3] = i, last, missed(write.key, known, page)
  end
  write.last = last
end
if repeated and absent then return {'misuse', repeated} end
if repeated then
  repeats[2] = newest(log)
  return repeats
end
if refused then return refused end
if #conflicts > 1 then return conflicts end

local number, position, before, was = next_position(log, count, ARGV[5])
local reply, pointers, events = {'ok', position}, {}, 0
for i, write in ipairs(writes) do
  pointers[i] = string.format('%.0f %d %s', write.last + 1, write.count, write.name)
  reply[i + 2] = write.last + write.count
  events = events + write.count
end
redis.call('HSET', count, 'appends', number, 'events', before + events)
local logged = redis.pcall('XADD', log, position, 'w', table.concat(pointers, '\n'))
if logged.err then
  count_back(count, was)
  return not_written(logged.err, ARGV[5])
end
for _, write in ipairs(writes) do
  for n = 0, write.count - 1 do
    local at, id = write.events + 2 * n, string.format('%.0f-0', write.last + n + 1)
    if metadata == '' then
      redis.call('XADD', write.key, id, 't', ARGV[at], 'd', ARGV[at + 1], 'c', command, 'p', position)
    else
      redis.call('XADD', write.key, id,
        't', ARGV[at], 'd', ARGV[at + 1], 'c', command, 'p', position, 'm', metadata)
    end
  end
end
return reply
