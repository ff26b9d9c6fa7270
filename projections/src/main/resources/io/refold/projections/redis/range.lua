-- Reads log entries behind a position, without the group, and none behind the generation's bound.
--
-- KEYS  1 lease, 2 log, 3 at
-- ARGV  1 owner, 2 epoch, 3 log id that was read last, 4 how many entries at most
-- reply {'ok', entries}, {'bounded'} if there are none up to the bound, {'not-owner'}, {'lost'}
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'fenced')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or lease[3] then return {'not-owner'} end
if ARGV[3] ~= '0-0' and #redis.call('XRANGE', KEYS[2], ARGV[3], ARGV[3]) == 0 then return {'lost'} end
local bound = redis.call('HGET', KEYS[3], 'until')
local entries = redis.call('XRANGE', KEYS[2], ARGV[3] == '0-0' and '-' or '(' .. ARGV[3], bound or '+', 'COUNT', ARGV[4])
if bound and #entries == 0 then return {'bounded'} end
return {'ok', entries}
