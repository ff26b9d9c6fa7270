-- What scripts that write to a stream share; it stands before each of them.

local CLOSED = '18446744073709551615' -- the last id of a closed stream: no other can follow

-- Returns the last version, and 'closed' or 'deleted' where the stream takes no more events.
local function last_version(key)
  if redis.call('EXISTS', key) == 0 then return 0 end
  local info = redis.call('XINFO', 'STREAM', key)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      local last = string.match(info[i + 1], '^%d+')
      if last ~= CLOSED then return tonumber(last) end
      local entry = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
      if not entry then return 0, 'closed' end
      return tonumber(string.match(entry[1], '^%d+')), entry[2][2] == '$deleted' and 'deleted' or 'closed'
    end
  end
end

-- Returns the version and type of the newest event that a command wrote, from the oldest version on.
local function last_of(command, key, oldest, last)
  if oldest > last then return 0 end
  for _, entry in ipairs(redis.call('XREVRANGE', key, '+', string.format('%.0f-0', oldest))) do
    if entry[2][6] == command then return tonumber(string.match(entry[1], '^%d+')), entry[2][2] end
  end
  return 0
end

-- Returns entries behind a version: at most so many, and not many more bytes than a MiB.
local function missed(key, version, most)
  local found, bytes, from = {}, 0, string.format('%.0f-0', version + 1)
  while #found < most and bytes < 1048576 do
    local entries = redis.call('XRANGE', key, from, '+', 'COUNT', math.min(16, most - #found))
    for _, entry in ipairs(entries) do
      found[#found + 1] = entry
      bytes = bytes + #entry[2][4]
    end
    if #entries < 16 then break end
    from = '(' .. found[#found][1]
  end
  return found
end

-- Returns the number and the id of the next log entry, and how many events were counted before.
local function next_position(count)
  local time = redis.call('TIME')
  local counted = redis.call('HMGET', count, 'appends', 'events')
  local number = (tonumber(counted[1]) or 0) + 1
  return number, string.format('%.0f-%s%06d', number, time[1], time[2]), tonumber(counted[2]) or 0
end

local function newest(log)
  local entry = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  return entry and entry[1] or '0-0'
end
