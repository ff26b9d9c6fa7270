-- Records what somebody asks the owner to do with a parked stream.
--
-- KEYS  1 parked
-- ARGV  1 stream, 2 request ('retry', or 'drop <version> <reason>'), 3 version that is to be dropped, else 0
-- reply {1}; {0} if the stream is not parked, or what is to be dropped is not what it is parked at, or may
--       not fail any more, as a retry is asked for
local parked = redis.call('HGET', KEYS[1], 'p:' .. ARGV[1])
if not parked then return {0} end
local asked = redis.call('HGET', KEYS[1], 'r:' .. ARGV[1])
if ARGV[3] == '0' and asked and asked ~= 'retry' then return {1} end -- what follows a drop is applied anyway
if ARGV[3] ~= '0' and (string.match(parked, '^%d+') ~= ARGV[3]
    or asked == 'retry') then return {0} end
redis.call('HSET', KEYS[1], 'r:' .. ARGV[1], ARGV[2])
return {1}
