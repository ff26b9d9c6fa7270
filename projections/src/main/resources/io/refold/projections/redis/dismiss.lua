-- Deletes the list of a generation's workers.
--
-- KEYS  1 workers
-- ARGV  none
-- reply {1} if there was one, else {0}
return {redis.call('DEL', KEYS[1])}
