-- Records why a partition does not go on; '' means that it does.
--
-- KEYS  1 lease, 2 at
-- ARGV  1 owner, 2 epoch, 3 problem, 4 how often the next event has failed
-- reply {'done'}, {'not-owner'}
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'fenced')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or lease[3] then return {'not-owner'} end
redis.call('HSET', KEYS[2], 'problem', ARGV[3], 'attempts', ARGV[4])
return {'done'}
