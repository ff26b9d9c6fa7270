-- What scripts that write to a stream share; it stands before each of them.

local CLOSED = '18446744073709551615' -- the last id of a closed stream: no other can follow

local function tampered(name, how)
  return 'REFOLD nothing was written to ' .. name .. ': ' .. how .. ' was changed from outside'
end

-- Returns the last version, and 'closed' or 'deleted' where the stream takes no more events.
local function last_version(key)
  if redis.call('EXISTS', key) == 0 then return 0 end
  local info = redis.call('XINFO', 'STREAM', key)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      local last = string.match(info[i + 1], '^%d+')
      if last ~= CLOSED then
        if #last > 15 then
          error({err = tampered(key, 'its last id, ' .. last .. ',')})
        end
        return tonumber(last)
      end
      local entry = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
      if not entry then return 0, 'closed' end
      return tonumber(string.match(entry[1], '^%d+')), entry[2][2] == '$deleted' and 'deleted' or 'closed'
    end
  end
end

-- Returns the version and type of the newest event that a command wrote, from the oldest version on.
local function last_of(command, key, oldest, last)
  local to, from = '+', string.format('%.0f-0', oldest)
  while oldest <= last do
    local entries = redis.call('XREVRANGE', key, to, from, 'COUNT', 16) -- not all payloads at once
    for _, entry in ipairs(entries) do
      if entry[2][6] == command then return tonumber(string.match(entry[1], '^%d+')), entry[2][2] end
    end
    if #entries < 16 then break end
    to = '(' .. entries[16][1]
  end
  return 0
end

local function is_mark(type) return string.sub(type, 1, 1) == '$' end

local room = 1048576 -- how many bytes of missed entries the reply still takes, for all streams

-- Returns entries behind a version: at most so many, and not many more bytes than there is room for.
local function missed(key, version, most)
  local found, from = {}, string.format('%.0f-0', version + 1)
  while #found < most and room > 0 do
    local entries = redis.call('XRANGE', key, from, '+', 'COUNT', math.min(16, most - #found))
    for _, entry in ipairs(entries) do
      if room <= 0 then break end
      found[#found + 1] = entry
      room = room - #entry[2][4] - #(entry[2][10] or '')
    end
    if #entries < 16 then break end
    from = '(' .. found[#found][1]
  end
  return found
end

-- Returns the number and the id of the next log entry, how many events were counted before, and the
-- counter as it stands.
local function next_position(log, count, name)
  local time = redis.call('TIME')
  local counted = redis.call('HMGET', count, 'appends', 'events')
  local number = (tonumber(counted[1]) or 0) + 1
  local counts = not counted[2] or tonumber(counted[2])
  if not counts or redis.call('XLEN', log) >= number then
    error({err = tampered(name, 'the counter of its partition')})
  end
  return number, string.format('%.0f-%s%06d', number, time[1], time[2]), tonumber(counted[2]) or 0, counted
end

-- Leaves the counter as it was.
local function count_back(count, was)
  for i, field in ipairs({'appends', 'events'}) do
    if was[i] then redis.call('HSET', count, field, was[i]) else redis.call('HDEL', count, field) end
  end
end

-- Returns what to reply where Redis took no write. Where it takes none now (a replica, no memory, too
-- few replicas), it refuses the first one, and its own error says so.
local function not_written(failure, name)
  if not string.find(failure, 'equal or smaller', 1, true) then return redis.error_reply(failure) end
  return redis.error_reply(tampered(name, "its partition's log"))
end

local function newest(log)
  local entry = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  return entry and entry[1] or '0-0'
end
