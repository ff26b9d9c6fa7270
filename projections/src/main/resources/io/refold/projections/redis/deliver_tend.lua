-- Looks after a partition whose entries are shared by consumers: moves what is settled behind all entries
-- before the first one under way, forgets consumers that have nothing and were not seen for a while, and
-- claims one entry that was neither delivered nor kept for a while.
--
-- KEYS  1 lease, 2 at, 3 log
-- ARGV  1 group, 2 consumer, 3 the while in milliseconds, 4 in microseconds for how long the consumer is
--       shown as owner, 5 how many entries to move at most
-- reply {moved (1 or 0), entry or nil}
local idle, length, most = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
assert(string.match(ARGV[3] or '', '^%d+$') and idle <= 1e15 and length and most, 'an argument is no number')
local settled, counted = unpack(redis.call('HMGET', KEYS[2], 'settled', 'events'))
local groups = redis.pcall('XINFO', 'GROUPS', KEYS[3])
if not settled or groups.err then return {0} end
if settled ~= '0-0' and #redis.call('XRANGE', KEYS[3], settled, settled) == 0 then return {0} end
local delivered
for _, group in ipairs(groups) do
  local fields = {}
  for i = 1, #group, 2 do fields[group[i]] = group[i + 1] end
  if fields['name'] == ARGV[1] then delivered = fields['last-delivered-id'] end
end
if not delivered then return {0} end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local first = redis.call('XPENDING', KEYS[3], ARGV[1])[2]
local entries = redis.call('XRANGE', KEYS[3], '(' .. settled, first and '(' .. first or delivered, 'COUNT', ARGV[5])
local events = tonumber(counted)
assert(events, 'the number of events is damaged')
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'expires', string.format('%.0f', now + length))
if #entries > 0 then
  for _, entry in ipairs(entries) do
    for count in string.gmatch('\n' .. entry[2][2], '\n%d+ (%d+) ') do events = events + tonumber(count) end
  end
  redis.call('HSET', KEYS[2], 'settled', entries[#entries][1], 'events', string.format('%.0f', events))
end

for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[3], ARGV[1])) do
  local fields = {}
  for i = 1, #consumer, 2 do fields[consumer[i]] = consumer[i + 1] end
  if fields['pending'] == 0 and fields['idle'] > idle and fields['name'] ~= ARGV[2] then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[3], ARGV[1], fields['name'])
  end
end

local cursor = '0-0'
repeat
  local claimed = redis.call('XAUTOCLAIM', KEYS[3], ARGV[1], ARGV[2], string.format('%.0f', idle), cursor, 'COUNT', 1)
  if claimed[2][1] then return {#entries > 0 and 1 or 0, claimed[2][1]} end
  cursor = claimed[1]
until cursor == '0-0'
return {#entries > 0 and 1 or 0}
