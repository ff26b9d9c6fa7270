-- Tells whether a position is settled, and still in the log.
--
-- KEYS  1 at, 2 log
-- ARGV  1 log id
-- reply {'applied'}, {'pending'}, {'lost'}, {'gone'}
local settled = redis.call('HGET', KEYS[1], 'settled')
if not settled then return {'gone'} end
if #redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1]) == 0 then return {'lost'} end
if tonumber(string.match(settled, '^%d+')) >= tonumber(string.match(ARGV[1], '^%d+')) then return {'applied'} end
return {'pending'}
