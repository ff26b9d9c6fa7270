-- Deletes a shard.
--
-- KEYS  1 head, 2.. rows, keys and indexes
-- ARGV  none
-- reply {'done'}
redis.call('UNLINK', unpack(KEYS))
return {'done'}
