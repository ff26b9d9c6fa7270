-- Reads rows of a shard, and a partition's checkpoint there.
--
-- KEYS  1 head, 2 rows
-- ARGV  1 partition, 2.. row keys
-- reply {checkpoint, for each key '<revision> <json>' or nil}; {} if the shard is not there
local head = redis.call('HMGET', KEYS[1], 'rev', 'c' .. ARGV[1])
if not head[1] then return {} end
local reply = {head[2] or '0-0'}
for from = 2, #ARGV, 1000 do
  for _, row in ipairs(redis.call('HMGET', KEYS[2], unpack(ARGV, from, math.min(from + 999, #ARGV)))) do
    reply[#reply + 1] = row
  end
end
return reply
