-- Ends the reading of history: makes the group at exactly the last id that was read, and settles it.
--
-- KEYS  1 lease, 2 at, 3 log
-- ARGV  1 owner, 2 epoch, 3 group, 4 log id that was read last
-- reply {'done'}, {'not-owner'}, {'lost'}
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'fenced')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or lease[3] then return {'not-owner'} end
if ARGV[4] ~= '0-0' and #redis.call('XRANGE', KEYS[3], ARGV[4], ARGV[4]) == 0 then return {'lost'} end
local at = redis.call('HMGET', KEYS[2], 'settled', 'grouped')
local last, settled = tonumber(string.match(ARGV[4], '^%d+')), tonumber(string.match(at[1] or '', '^%d+'))
assert(last and settled, 'what was read or settled is no id')
if at[2] == '0' then
  -- A group of this name is a leftover of an earlier filling: its place in the log means nothing.
  redis.pcall('XGROUP', 'DESTROY', KEYS[3], ARGV[3])
  redis.call('XGROUP', 'CREATE', KEYS[3], ARGV[3], ARGV[4], 'MKSTREAM')
end
redis.call('HSET', KEYS[2], 'grouped', '1')
if last > settled then
  redis.call('HSET', KEYS[2], 'settled', ARGV[4])
end
return {'done'}
