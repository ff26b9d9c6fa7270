-- Tells that a worker is alive for another lease.
--
-- KEYS  1 workers
-- ARGV  1 worker, 2 lease in microseconds
-- reply {rank from 0 in the order of names, number of workers alive}
local lease = tonumber(ARGV[2])
assert(lease and lease >= 1 and lease <= 1e15, 'the lease is no time')
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local expires = string.format('%.0f', now + lease)
redis.call('ZADD', KEYS[1], expires, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. expires, '+inf')
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(lease / 1000) * 2))
local rank, workers = 0, redis.call('ZRANGE', KEYS[1], 0, -1)
for _, worker in ipairs(workers) do
  if worker < ARGV[1] then rank = rank + 1 end
end
return {rank, #workers}
