-- Extends leases of one partition that are still held.
--
-- KEYS  1.. leases
-- ARGV  1 length in microseconds, then for each lease: owner, epoch
-- reply for each lease 1 if it is held, else 0
local time = redis.call('TIME')
local expires = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]) + tonumber(ARGV[1]))
local held = {}
assert(#ARGV >= 1 + 2 * #KEYS, 'an argument is missing')
for i, key in ipairs(KEYS) do
  local lease = redis.call('HMGET', key, 'owner', 'epoch', 'fenced')
  held[i] = 0
  if lease[1] == ARGV[2 * i] and lease[2] == ARGV[2 * i + 1] and not lease[3] then
    held[i] = 1
  end
end
for i, key in ipairs(KEYS) do
  if held[i] == 1 then redis.call('HSET', key, 'expires', expires) end
end
return held
