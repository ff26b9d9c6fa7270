-- Records that the log does not hold what was settled in a partition.
--
-- KEYS  1 at
-- ARGV  1 problem
-- reply {1}; {0} if the generation has no keys here
if redis.call('EXISTS', KEYS[1]) == 0 then return {0} end
redis.call('HSET', KEYS[1], 'problem', ARGV[1])
return {1}
