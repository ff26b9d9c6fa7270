-- Returns a subject's key.
--
-- KEYS  1 the subject (hash), 2 its streams (set)
-- reply {key, or nil; when the subject was forgotten, or nil}
return redis.call('HMGET', KEYS[1], 'key', 'forgotten')
