-- Reads rows of a shard, and what its head says of a partition.
--
-- KEYS  1 head, 2 rows
-- ARGV  1 partition, 2 number of notes, their fields, then row keys
-- reply {checkpoint, each note or nil, for each key '<revision> <json>' or nil}; {} if the shard is not there
local head = redis.call('HMGET', KEYS[1], 'rev', 'c' .. ARGV[1])
if not head[1] then return {} end
local reply = {head[2] or '0-0'}
local function read(hash, first, last)
  for from = first, last, 1000 do
    for _, value in ipairs(redis.call('HMGET', hash, unpack(ARGV, from, math.min(from + 999, last)))) do
      reply[#reply + 1] = value
    end
  end
end
local notes = tonumber(ARGV[2])
read(KEYS[1], 3, 2 + notes)
read(KEYS[2], 3 + notes, #ARGV)
return reply
