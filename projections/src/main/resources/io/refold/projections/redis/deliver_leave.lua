-- Forgets a consumer that has nothing under way.
--
-- KEYS  1 log
-- ARGV  1 group, 2 consumer
-- reply {1} if it is forgotten, else {0}
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2])
if pending.err or #pending > 0 then return {0} end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return {1}
