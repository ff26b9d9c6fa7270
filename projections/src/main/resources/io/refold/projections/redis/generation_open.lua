-- Returns the live generation of a version, and makes one where no version has any.
--
-- KEYS  1 views
-- ARGV  1 projection, 2 version, 3 shape for a new one
-- reply {generation, its shape}; {} if only other versions have one
local name = ARGV[1] .. ':'
local live = redis.call('HGET', KEYS[1], name .. 'live:' .. ARGV[2])
if not live then
  assert(ARGV[3], 'a shape is missing')
  if redis.call('HEXISTS', KEYS[1], name .. 'versions') == 1 then return {} end
  local time = redis.call('TIME')
  live = tostring(redis.call('HINCRBY', KEYS[1], name .. 'next', 1))
  redis.call('HSET', KEYS[1], name .. 'gen:' .. live, ARGV[3], name .. 'live:' .. ARGV[2], live,
    name .. 'versions', ARGV[2],
    name .. 'seen:' .. ARGV[2], string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2])))
end
return {live, redis.call('HGET', KEYS[1], name .. 'gen:' .. live)}
