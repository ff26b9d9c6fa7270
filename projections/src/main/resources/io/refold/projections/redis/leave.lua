-- Tells that a worker has gone.
--
-- KEYS  1 workers
-- ARGV  1 worker
-- reply {1} if it was there, else {0}
return {redis.call('ZREM', KEYS[1], ARGV[1])}
