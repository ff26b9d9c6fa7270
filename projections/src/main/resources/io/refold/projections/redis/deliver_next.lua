-- Delivers the next entry with wanted events to a consumer of the group; those without are acknowledged
-- on the way. A group that is not there is made at what is settled.
--
-- KEYS  1 at, 2 log
-- ARGV  1 group, 2 consumer, 3 how many entries to look at, then the wanted categories
-- reply {'entry', entry}, {'more'}, {'nothing'}, {'lost'}
local most = tonumber(ARGV[3])
assert(most and most <= 1e6, 'how many entries to look at is no number')
local settled = redis.call('HGET', KEYS[1], 'settled')
if not settled then return {'nothing'} end
if settled ~= '0-0' and #redis.call('XRANGE', KEYS[2], settled, settled) == 0 then return {'lost'} end
local wanted = {}
for i = 4, #ARGV do wanted[ARGV[i]] = true end
local function read()
  return redis.pcall('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', 1, 'STREAMS', KEYS[2], '>')
end
local found = read()
if found and found.err and string.find(found.err, 'NOGROUP', 1, true) then
  redis.call('XGROUP', 'CREATE', KEYS[2], ARGV[1], settled, 'MKSTREAM')
  redis.call('HSET', KEYS[1], 'grouped', '1')
  found = read()
end
for _ = 1, most do
  if found and found.err then return redis.error_reply(found.err) end
  if not found or not found[1] then return {'nothing'} end
  local entry = found[1][2][1]
  for category in string.gmatch('\n' .. entry[2][2], '\n%d+ %d+ ([^:]+):') do
    if wanted[category] then return {'entry', entry} end
  end
  redis.call('XACK', KEYS[2], ARGV[1], entry[1])
  found = read()
end
if found and found[1] then return {'entry', found[1][2][1]} end
return {'more'}
