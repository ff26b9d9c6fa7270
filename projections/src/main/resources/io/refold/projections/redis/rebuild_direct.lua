-- Sets the terms of a rebuild.
--
-- KEYS  1 views
-- ARGV  1 projection, 2 '<fresh> <old> <purpose>', 3 terms
-- reply {1}; {0} if the rebuild is not there any more
if redis.call('HGET', KEYS[1], ARGV[1] .. ':rebuild') ~= ARGV[2] then return {0} end
redis.call('HSET', KEYS[1], ARGV[1] .. ':terms', ARGV[3])
return {1}
