-- Deletes what a generation has in a partition.
--
-- KEYS  1 lease, 2 at, 3 parked, 4 dropped, 5 log
-- ARGV  1 group
-- reply {'done'}
if redis.call('EXISTS', KEYS[5]) == 1 then redis.call('XGROUP', 'DESTROY', KEYS[5], ARGV[1]) end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
return {'done'}
