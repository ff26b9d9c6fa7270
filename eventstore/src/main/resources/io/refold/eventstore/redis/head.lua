-- Returns the end of a partition's log.
--
-- KEYS  1 log, 2 count
-- reply {newest log id or '0-0', number of events}
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
return {newest[1] and newest[1][1] or '0-0', tonumber(redis.call('HGET', KEYS[2], 'events') or 0)}
