-- Reads what the group has not delivered yet, and marks it delivered. A group that is gone is made
-- again at what is settled.
--
-- KEYS  1 lease, 2 at, 3 log
-- ARGV  1 owner, 2 epoch, 3 group, 4 log id that was read last, 5 how many entries at most
-- reply {'ok', entries}, {'not-owner'}, {'lost'}
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'fenced')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or lease[3] then return {'not-owner'} end
if ARGV[4] ~= '0-0' and #redis.call('XRANGE', KEYS[3], ARGV[4], ARGV[4]) == 0 then return {'lost'} end
local function read()
  return redis.pcall('XREADGROUP', 'GROUP', ARGV[3], 'owner', 'COUNT', ARGV[5], 'STREAMS', KEYS[3], '>')
end
local found = read()
if found and found.err and string.find(found.err, 'NOGROUP', 1, true) then
  redis.call('XGROUP', 'CREATE', KEYS[3], ARGV[3], redis.call('HGET', KEYS[2], 'settled'), 'MKSTREAM')
  found = read()
end
if found and found.err then return redis.error_reply(found.err) end
return {'ok', found and found[1] and found[1][2] or {}}
