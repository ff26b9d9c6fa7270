-- Returns the end of a partition's log.
--
-- KEYS  1 log, 2 counter of the partition's events
-- reply {newest log id or '0-0', number of events}
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
return {newest[1] and newest[1][1] or '0-0', tonumber(redis.call('GET', KEYS[2]) or 0)}
