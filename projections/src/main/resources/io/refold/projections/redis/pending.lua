-- Reads what was delivered to the group and not acknowledged. A group that is gone is made again at
-- what is settled.
--
-- KEYS  1 lease, 2 at, 3 log
-- ARGV  1 owner, 2 epoch, 3 group, 4 log id that was read last, 5 how many entries at most
-- reply {'ok', entries}, {'not-owner'}, {'lost'}
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'fenced')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or lease[3] then return {'not-owner'} end
if ARGV[4] ~= '0-0' and #redis.call('XRANGE', KEYS[3], ARGV[4], ARGV[4]) == 0 then return {'lost'} end
local read = redis.pcall('XREADGROUP', 'GROUP', ARGV[3], 'owner', 'COUNT', ARGV[5], 'STREAMS', KEYS[3], '0')
if read and read.err then
  if not string.find(read.err, 'NOGROUP', 1, true) then return redis.error_reply(read.err) end
  redis.call('XGROUP', 'CREATE', KEYS[3], ARGV[3], redis.call('HGET', KEYS[2], 'settled'), 'MKSTREAM')
  return {'ok', {}}
end
local entries = read and read[1] and read[1][2] or {}
for _, entry in ipairs(entries) do
  if not entry[2] then return {'lost'} end
end
return {'ok', entries}
