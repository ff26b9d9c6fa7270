-- Opens a store, and creates it where there is none.
--
-- KEYS  1 meta
-- ARGV  1 layout version, 2 partitions for a new store
-- reply {layout version, partitions}
if redis.call('EXISTS', KEYS[1]) == 0 then
  local time = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'layout', ARGV[1], 'partitions', ARGV[2],
    'created', time[1] .. string.format('%06d', time[2]))
end
return redis.call('HMGET', KEYS[1], 'layout', 'partitions')
