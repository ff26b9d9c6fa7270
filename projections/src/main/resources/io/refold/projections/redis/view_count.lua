-- Counts a span of a shard's rows, in the order of their keys or of an index.
--
-- KEYS  1 head, 2 keys or index
-- ARGV  1 lowest member, 2 highest member, as ZLEXCOUNT has them
-- reply {number}; {} if the shard is not there
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
return {redis.call('ZLEXCOUNT', KEYS[2], ARGV[1], ARGV[2])}
