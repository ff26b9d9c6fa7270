-- Destroys the key of a stream's snapshots.
--
-- KEYS  1 the seal (string)
-- reply {}
--
-- It is written before it is deleted: who waits for the disk must have written something.
redis.call('SET', KEYS[1], '')
redis.call('DEL', KEYS[1])
return {}
