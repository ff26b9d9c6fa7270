-- Destroys a subject's key and leaves a tombstone; a tombstone that is there keeps its time.
--
-- KEYS  1 the subject (hash), 2 its streams (set)
-- reply {microseconds of the first time, streams}
local subject, streams = KEYS[1], KEYS[2]
local known, time = redis.call('SMEMBERS', streams), redis.call('TIME')
local forgotten = redis.call('HGET', subject, 'forgotten') or time[1] .. string.format('%06d', time[2])
redis.call('HSET', subject, 'forgotten', forgotten)
redis.call('HDEL', subject, 'key')
return {forgotten, known}
