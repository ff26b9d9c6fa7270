-- Reads a hash of what is parked or dropped, for anybody.
--
-- KEYS  1 parked or dropped
-- ARGV  none
-- reply field, value …
return redis.call('HGETALL', KEYS[1])
