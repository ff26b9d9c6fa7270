-- Parks a stream, or moves the event from which on it is parked. What was asked about it counts as done;
-- something else may be asked in the same step.
--
-- KEYS  1 lease, 2 parked
-- ARGV  1 owner, 2 epoch, 3 stream, 4 first version that waits, 5 how often that was tried since the last
--       record, 6 why it fails ('': as on record), 7 what is asked ('': nothing)
-- reply {'done'}, {'not-owner'}
assert(ARGV[7], 'an argument is missing')
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'fenced')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or lease[3] then return {'not-owner'} end
local before = redis.call('HGET', KEYS[2], 'p:' .. ARGV[3]) or ''
local attempts, since, why = string.match(before, '^%d+ (%d+) (%d+) (.*)$')
local time = redis.call('TIME')
since = since or string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
if ARGV[6] ~= '' then why = ARGV[6] end
redis.call('HSET', KEYS[2], 'p:' .. ARGV[3],
  string.format('%s %d %s %s', ARGV[4], (attempts or 0) + ARGV[5], since, why or ''))
if ARGV[7] == '' then
  redis.call('HDEL', KEYS[2], 'r:' .. ARGV[3])
else
  redis.call('HSET', KEYS[2], 'r:' .. ARGV[3], ARGV[7])
end
return {'done'}
