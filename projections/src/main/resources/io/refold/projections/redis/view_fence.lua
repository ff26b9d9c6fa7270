-- Writes a partition's owner and epoch into a shard's head.
--
-- KEYS  1 head
-- ARGV  1 partition, 2 owner, 3 epoch
-- reply {'done'}, {'refused', epoch that stands there}, {'gone'}
if redis.call('EXISTS', KEYS[1]) == 0 then return {'gone'} end
local stands = redis.call('HGET', KEYS[1], 'o' .. ARGV[1])
local fence = ARGV[3] .. ' ' .. ARGV[2]
if stands and stands ~= fence then
  local epoch = string.match(stands, '^%d+')
  if tonumber(epoch) >= tonumber(ARGV[3]) then return {'refused', epoch} end
end
redis.call('HSET', KEYS[1], 'o' .. ARGV[1], fence)
return {'done'}
