-- Reads what a shard knows of a partition.
--
-- KEYS  1 head
-- ARGV  1 partition
-- reply {checkpoint, then field and value of each note (n<partition>:<stream>) and of each dropped event
--       (d<partition>:<version> <stream>)}; {} if the shard is not there
local head = redis.call('HGETALL', KEYS[1])
if #head == 0 then return {} end
local reply = {'0-0'}
for i = 1, #head, 2 do
  local kind, partition, rest = string.match(head[i], '^([cnd])(%d+)(.*)$')
  if partition == ARGV[1] then
    if kind == 'c' and rest == '' then
      reply[1] = head[i + 1]
    elseif kind ~= 'c' then
      reply[#reply + 1] = head[i]
      reply[#reply + 1] = head[i + 1]
    end
  end
end
return reply
