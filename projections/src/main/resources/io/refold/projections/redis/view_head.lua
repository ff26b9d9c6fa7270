-- Reads a shard's checkpoints.
--
-- KEYS  1 head
-- ARGV  none
-- reply partition, checkpoint, partition, checkpoint …; preceded by 'ok'; {} if the shard is not there
local head = redis.call('HGETALL', KEYS[1])
if #head == 0 then return {} end
local reply = {'ok'}
for i = 1, #head, 2 do
  local partition = string.match(head[i], '^c(%d+)$')
  if partition then
    reply[#reply + 1] = partition
    reply[#reply + 1] = head[i + 1]
  end
end
return reply
