-- Marks a stream: an entry like an event's, and its entry in the partition's log.
--
-- KEYS  1 log, 2 count, 3 the stream, 4 its snapshot
-- ARGV  1 command id, 2 how many events back a repeat is recognised, 3 how many missed events to
--       return, 4 'category:id', 5 expected last version (-1: any), 6 type of the mark, 7 data
-- reply {'ok', log id, version}
--       {'misuse', 1}: the command id stands there from something else
--       {'repeat', newest log id, version}
--       {'refused', 1, 'closed' or 'deleted'}
--       {'conflict', 1, last version, missed entries}
--
-- The last id of a stream that ends becomes the greatest there is, so Redis itself refuses every
-- further entry at no cost; for one more mark it is set back for a moment. The log gets its entry
-- first: only there can a write fail. What a user may not do is found out before anything is written.
local log, count, key, snapshot = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local command, window, page = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local name, expected, type, data = ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7]
assert(snapshot and data, 'a key or an argument is missing')

local last, ended = last_version(key)
local ends = type == '$closed' or type == '$deleted'
if ended and type == '$' .. ended then return {'repeat', newest(log), last} end
if not ends then -- of one that ends the stream, a repeat was recognised by now
  local version, found = last_of(command, key, math.max(1, last - window + 1), last)
  if found == type or found and type == '$cancelled' and not is_mark(found) then
    return {'repeat', newest(log), version}
  end
  if found then return {'misuse', 1} end
end
if ended == 'deleted' or ended and type == '$cancelled' then return {'refused', 1, ended} end
if expected >= 0 and expected ~= last then
  return {'conflict', 1, last, missed(key, expected, page)}
end

local number, position, events = next_position(log, count, name)
local GREATEST = CLOSED .. '-' .. CLOSED
local function may(command, ...)
  if not redis.acl_check_cmd(command, ...) then
    error({err = "NOPERM this user has no permissions to run the '" .. command .. "' command"})
  end
end
may('HSET', count, 'appends', 1)
may('XADD', log, '*', 'w', '')
may('XADD', key, '*', 't', '')
if ended or ends then may('XSETID', key, GREATEST) end
if type == '$deleted' then may('XTRIM', key, 'MAXLEN', 1) end
if type == '$deleted' or type == '$forgotten' then may('DEL', snapshot) end
if ended then redis.call('XSETID', key, string.format('%.0f-0', last)) end
local logged = redis.pcall('XADD', log, position, 'w', string.format('%.0f 1 %s', last + 1, name))
if logged.err then
  if ended then redis.call('XSETID', key, GREATEST) end
  return not_written(logged.err, name)
end
redis.call('XADD', key, string.format('%.0f-0', last + 1), 't', type, 'd', data, 'c', command, 'p', position)
redis.call('HSET', count, 'appends', string.format('%.0f', number), 'events', string.format('%.0f', events + 1))
if type == '$deleted' then redis.call('XTRIM', key, 'MAXLEN', 1) end
if type == '$deleted' or type == '$forgotten' then redis.call('DEL', snapshot) end
if ended or ends then redis.call('XSETID', key, GREATEST) end
return {'ok', position, last + 1}
