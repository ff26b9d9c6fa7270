-- Writes something that changes nothing, so that a WAIT behind it waits for all that was written
-- before: on a connection that has not written, WAIT has nothing to wait for.
--
-- KEYS  1 count (hash) of a partition
-- reply {'ok'}
redis.call('HINCRBY', KEYS[1], 'appends', 0)
return {'ok'}
