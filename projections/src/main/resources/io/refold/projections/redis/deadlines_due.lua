-- Reads which deadlines are due, in the order of their times.
--
-- KEYS  1 deadlines
-- ARGV  1 now, in milliseconds since 1970, 2 how many of the first to leave out, 3 how many at most
-- reply {when the first of those behind is due, or '', {each that is due, and when}}
local found = redis.call('ZRANGE', KEYS[1], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', ARGV[2], ARGV[3], 'WITHSCORES')
local next = ARGV[2] + #found / 2
local behind = redis.call('ZRANGE', KEYS[1], next, next, 'WITHSCORES')
return {behind[2] or '', found}
