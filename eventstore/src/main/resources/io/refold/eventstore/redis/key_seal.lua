-- Returns the key of a stream's snapshots.
--
-- KEYS  1 the seal (string)
-- ARGV  1 a new key where there is none, or '' to make none
-- reply {key, or nil}
if ARGV[1] ~= '' then redis.call('SET', KEYS[1], ARGV[1], 'NX') end
return {redis.call('GET', KEYS[1])}
