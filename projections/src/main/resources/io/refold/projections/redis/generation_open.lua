-- Returns the live generation of a version, and makes one where there is none.
--
-- KEYS  1 views
-- ARGV  1 projection, 2 version, 3 shape for a new one
-- reply {generation, its shape}
local name = ARGV[1]
local live = redis.call('HGET', KEYS[1], name .. ':live:' .. ARGV[2])
if not live then
  live = tostring(redis.call('HINCRBY', KEYS[1], name .. ':next', 1))
  redis.call('HSET', KEYS[1], name .. ':gen:' .. live, ARGV[3], name .. ':live:' .. ARGV[2], live)
end
return {live, redis.call('HGET', KEYS[1], name .. ':gen:' .. live)}
