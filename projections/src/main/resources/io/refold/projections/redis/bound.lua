-- Sets up to where a generation is filled in a partition.
--
-- KEYS  1 at
-- ARGV  1 log id, 0-0 for nothing
-- reply {1}; {0} if the generation has no keys here
if redis.call('EXISTS', KEYS[1]) == 0 then return {0} end
redis.call('HSET', KEYS[1], 'until', ARGV[1])
return {1}
