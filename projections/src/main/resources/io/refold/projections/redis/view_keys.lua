-- Reads keys of a shard's rows, also of those that no order lists.
--
-- KEYS  1 head, 2 rows
-- ARGV  1 cursor, 0 at the beginning
-- reply {number of rows, next cursor (0: this was the end), key, …}; {} if the shard is not there
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
local page = redis.call('HSCAN', KEYS[2], ARGV[1], 'COUNT', 1000)
local reply = {redis.call('HLEN', KEYS[2]), page[1]}
for i = 1, #page[2], 2 do reply[#reply + 1] = page[2][i] end
return reply
