-- Removes the note of a stream that is not parked any more.
--
-- KEYS  1 head
-- ARGV  1 partition, 2 owner, 3 epoch, 4 field of the note
-- reply {1} if it was there, else {0}
if redis.call('HGET', KEYS[1], 'o' .. ARGV[1]) ~= ARGV[3] .. ' ' .. ARGV[2] then return {0} end
return {redis.call('HDEL', KEYS[1], ARGV[4])}
