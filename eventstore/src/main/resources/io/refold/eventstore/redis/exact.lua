-- The short way of append.lua, which nearly every append takes: one stream, and its last version is the
-- expected one. It stands first and defines no function, because each one costs time in every call.
local log, count = KEYS[1], KEYS[2]
local command, metadata = ARGV[1], ARGV[2]
local ahead, done, failure = false, 0, nil -- whether it has counted, how many events it has written, what went wrong
local counted = redis.call('HMGET', count, 'appends', 'events')
local appends, total = tonumber(counted[1]), tonumber(counted[2] or 0)

-- Where the counter is behind the log this is the partition's first append, or it was lost or set
-- back, or changed to no number: the long way knows.
if #KEYS == 3 and redis.call('XLEN', KEYS[3]) == tonumber(ARGV[6]) and
  appends and total and redis.call('XLEN', log) <= appends then
  local call, pcall = redis.call, redis.pcall
  local key, expected, events = KEYS[3], tonumber(ARGV[6]), tonumber(ARGV[7])
  local time = call('TIME')
  local number = appends + 1
  local position = string.format('%.0f-%s%06d', number, time[1], time[2])
  call('HSET', count, 'appends', number, 'events', total + events)
  ahead = true
  for i = 1, events do
    local at, added = 2 * i + 6
    if metadata == '' then
      added = pcall('XADD', key, expected + i .. '-0',
        't', ARGV[at], 'd', ARGV[at + 1], 'c', command, 'p', position)
    else
      added = pcall('XADD', key, expected + i .. '-0',
        't', ARGV[at], 'd', ARGV[at + 1], 'c', command, 'p', position, 'm', metadata)
    end
    failure = added.err
    if failure then break end
    done = i
  end
  if done == events then
    failure = pcall('XADD', log, position, 'w', expected + 1 .. ' ' .. events .. ' ' .. ARGV[5]).err
    if not failure then return {'ok', position, expected + events} end
  end
end
