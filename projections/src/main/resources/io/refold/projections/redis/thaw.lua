-- Ends a rebuild in a partition: deletes what the fresh generation has, and gives the old one its lease
-- back if it was taken for a switch to that one.
--
-- KEYS  1 to 4 lease, at, parked and dropped of the fresh generation, 5 log, 6 lease of the old one
-- ARGV  1 group of the fresh generation, 2 its number
-- reply {'done'}
local fenced = redis.call('HGET', KEYS[6], 'fenced')
assert(ARGV[2], 'an argument is missing')
if redis.call('EXISTS', KEYS[5]) == 1 then redis.call('XGROUP', 'DESTROY', KEYS[5], ARGV[1]) end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
if fenced == ARGV[2] then
  redis.call('HDEL', KEYS[6], 'fenced')
  redis.call('HSET', KEYS[6], 'owner', '', 'expires', '0')
end
return {'done'}
