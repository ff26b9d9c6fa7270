-- Records what somebody asks the owner to do with a parked stream.
--
-- KEYS  1 parked
-- ARGV  1 stream, 2 request ('retry', or 'drop <version> <reason>'), 3 version at which it must be parked,
--       0 for any
-- reply {1}; {0} if it is not parked so
local parked = redis.call('HGET', KEYS[1], 'p:' .. ARGV[1])
if not parked or (ARGV[3] ~= '0' and string.match(parked, '^%d+') ~= ARGV[3]) then return {0} end
redis.call('HSET', KEYS[1], 'r:' .. ARGV[1], ARGV[2])
return {1}
