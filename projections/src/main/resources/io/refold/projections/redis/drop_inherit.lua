-- Puts what was dropped in one generation on the record of another.
--
-- KEYS  1 dropped of the fresh generation, 2 dropped of the old one
-- ARGV  none
-- reply {number of events}
local dropped = redis.call('HGETALL', KEYS[2])
for i = 1, #dropped, 2 do redis.call('HSETNX', KEYS[1], dropped[i], dropped[i + 1]) end
return {#dropped / 2}
