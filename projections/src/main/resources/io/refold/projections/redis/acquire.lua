-- Takes the lease of a partition for a generation, if it is free, expired, or the owner's own. A lease
-- that expires later than one length from now was written under another clock and counts as expired.
-- A partition that has lost its history is nobody's: only a rebuild helps.
--
-- KEYS  1 lease, 2 at
-- ARGV  1 owner, 2 length in microseconds, 3 lowest epoch
-- reply {'granted', epoch}, {'held', owner}, {'fenced'}, {'gone'}
if redis.call('EXISTS', KEYS[2]) == 0 then return {'gone'} end
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'expires', 'fenced')
if lease[4] then return {'fenced'} end
if string.sub(redis.call('HGET', KEYS[2], 'problem') or '', 1, 6) == 'lost: ' then return {'held', ''} end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local length = tonumber(ARGV[2])
local expires = tonumber(lease[3] or 0)
if lease[1] and lease[1] ~= '' and lease[1] ~= ARGV[1] and expires > now and expires <= now + length then
  return {'held', lease[1]}
end
local epoch = string.format('%.0f', math.max(tonumber(lease[2] or 0) + 1, now, tonumber(ARGV[3])))
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'epoch', epoch, 'expires', string.format('%.0f', now + length))
return {'granted', epoch}
