-- Opens a store, and creates it where there is none.
--
-- KEYS  1 meta
-- ARGV  1 layout version, 2 partitions for a new store (0: only look)
-- reply {layout version, partitions, created by this call (1 or 0)}; {} if there is none
local created = 0
if redis.call('EXISTS', KEYS[1]) == 0 then
  if ARGV[2] == '0' then return {} end
  local time = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'layout', ARGV[1], 'partitions', ARGV[2],
    'created', time[1] .. string.format('%06d', time[2]))
  created = 1
end
local meta = redis.call('HMGET', KEYS[1], 'layout', 'partitions')
return {meta[1], meta[2], created}
