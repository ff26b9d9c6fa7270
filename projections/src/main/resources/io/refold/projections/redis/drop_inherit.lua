-- Puts what was dropped in one generation on the record of another, unless that has keys already.
--
-- KEYS  1 dropped of the fresh generation, 2 dropped of the old one, 3 at of the fresh one
-- ARGV  none
-- reply {number of events}
if redis.call('EXISTS', KEYS[3]) == 1 then return {0} end
local dropped = redis.call('HGETALL', KEYS[2])
for i = 1, #dropped, 2 do redis.call('HSETNX', KEYS[1], dropped[i], dropped[i + 1]) end
return {#dropped / 2}
