-- Returns a subject's key for writing, makes it where there is none, and notes where it is used.
--
-- KEYS  1 the subject (hash), 2 its streams (set)
-- ARGV  1 a new key, 2 'category:id' of the stream
-- reply {'key', key}
--       {'forgotten', microseconds}
--       {'lost'} where the key has been used, and is not there
--
-- The key is written each time, even if it is there: who waits for the disk must have written.
local subject, streams = KEYS[1], KEYS[2]
assert(ARGV[2], 'a stream is missing')
local used = redis.call('SCARD', streams) > 0
local known = redis.call('HMGET', subject, 'key', 'forgotten')
local key, forgotten = known[1], known[2]
if forgotten then return {'forgotten', forgotten} end
if not key and used then return {'lost'} end
key = key or ARGV[1]
redis.call('HSET', subject, 'key', key)
redis.call('SADD', streams, ARGV[2])
return {'key', key}
