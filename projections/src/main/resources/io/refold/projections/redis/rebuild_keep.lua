-- Extends the lease of a rebuild's coordinator.
--
-- KEYS  1 views
-- ARGV  1 projection, 2 '<fresh> <old> <purpose>', 3 coordinator, 4 its lease in microseconds
-- reply {terms}; {} if the rebuild or the coordinator is another one
local name = ARGV[1] .. ':'
local seen = redis.call('HMGET', KEYS[1], name .. 'rebuild', name .. 'coordinator', name .. 'terms')
if seen[1] ~= ARGV[2] or string.match(seen[2] or '', '^%d+ (.*)$') ~= ARGV[3] then return {} end
local time = redis.call('TIME')
local expires = tonumber(time[1]) * 1000000 + tonumber(time[2]) + tonumber(ARGV[4])
redis.call('HSET', KEYS[1], name .. 'coordinator', string.format('%.0f ', expires) .. ARGV[3])
return {seen[3] or ''}
