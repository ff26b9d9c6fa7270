-- Reads what an onlooker may know of a partition.
--
-- KEYS  1 lease, 2 at, 3 log, 4 count (of the partition's appends and events), 5 parked
-- ARGV  none
-- reply {owner or '', fenced (1 or 0), newest log id, number of events, events settled per second lately,
--       how often the next event has failed, number of parked streams and events, fields and values of 'at'}; {} if
--       the generation has no keys here
local at = redis.call('HGETALL', KEYS[2])
if #at == 0 then return {} end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local lease = redis.call('HMGET', KEYS[1], 'owner', 'expires', 'fenced')
local owned = lease[1] and not lease[3] and tonumber(lease[2] or 0) > now
local newest = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
local mine = redis.call('HMGET', KEYS[2], 'events', 'rated', 'attempts')
local rate, since, before = 0, string.match(mine[2] or '', '^(%d+) (%d+)$')
local seconds = since and tonumber(time[1]) - since
if since and seconds <= 20 then rate = (mine[1] - before) / math.max(1, seconds) end
local parked = 0
for _, field in ipairs(redis.call('HKEYS', KEYS[5])) do
  if string.sub(field, 1, 2) ~= 'r:' then parked = parked + 1 end
end
return {owned and lease[1] or '', lease[3] and 1 or 0, newest[1] and newest[1][1] or '0-0',
  tonumber(redis.call('HGET', KEYS[4], 'events') or 0), math.floor(rate), tonumber(mine[3] or 0), parked, at}
