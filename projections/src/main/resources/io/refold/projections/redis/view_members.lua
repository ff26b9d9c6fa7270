-- Reads a span of an order of a shard as it is: the keys of rows, or the members of an index.
--
-- KEYS  1 head, 2 keys or index
-- ARGV  1 lowest member, 2 highest member, as ZRANGE BYLEX has them, 3 how many at most
-- reply {'ok', member, …}; {} if the shard is not there
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
local members = redis.call('ZRANGE', KEYS[2], ARGV[1], ARGV[2], 'BYLEX', 'LIMIT', 0, ARGV[3])
table.insert(members, 1, 'ok')
return members
