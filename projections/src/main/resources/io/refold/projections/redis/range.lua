-- Reads log entries behind a position, without the group.
--
-- KEYS  1 lease, 2 log
-- ARGV  1 owner, 2 epoch, 3 log id that was read last, 4 how many entries at most
-- reply {'ok', entries}, {'not-owner'}, {'lost'}
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'fenced')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or lease[3] then return {'not-owner'} end
if ARGV[3] == '0-0' then return {'ok', redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', ARGV[4])} end
if #redis.call('XRANGE', KEYS[2], ARGV[3], ARGV[3]) == 0 then return {'lost'} end
return {'ok', redis.call('XRANGE', KEYS[2], '(' .. ARGV[3], '+', 'COUNT', ARGV[4])}
