-- Reads which deadlines are due, in the order of their times.
--
-- KEYS  1 deadlines
-- ARGV  1 now, in milliseconds since 1970, 2 how many at most
-- reply {when the first of those behind is due, or '', then each that is due and when}
local found = redis.call('ZRANGE', KEYS[1], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, ARGV[2], 'WITHSCORES')
local behind = redis.call('ZRANGE', KEYS[1], #found / 2, #found / 2, 'WITHSCORES')
return {behind[2] or '', unpack(found)}
