-- Reads what an onlooker may know of a partition.
--
-- KEYS  1 lease, 2 at, 3 log, 4 count (of the partition's appends and events)
-- ARGV  none
-- reply {owner or '', fenced (1 or 0), newest log id, number of events, fields and values of 'at'};
--       {} if the generation has no keys here
local at = redis.call('HGETALL', KEYS[2])
if #at == 0 then return {} end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local lease = redis.call('HMGET', KEYS[1], 'owner', 'expires', 'fenced')
local owned = lease[1] and not lease[3] and tonumber(lease[2] or 0) > now
local newest = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
return {owned and lease[1] or '', lease[3] and 1 or 0, newest[1] and newest[1][1] or '0-0',
  tonumber(redis.call('HGET', KEYS[4], 'events') or 0), at}
