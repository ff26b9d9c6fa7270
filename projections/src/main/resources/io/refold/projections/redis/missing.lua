-- Finds the ids that a log does not hold.
--
-- KEYS  1 log
-- ARGV  1.. log ids
-- reply those that are missing
local missing = {}
for _, id in ipairs(ARGV) do
  if id ~= '0-0' and #redis.call('XRANGE', KEYS[1], id, id) == 0 then missing[#missing + 1] = id end
end
return missing
