-- Keeps entries that are still a consumer's from being claimed for a while.
--
-- KEYS  1 log
-- ARGV  1 group, 2 consumer, then ids
-- reply how many were kept
for i = 3, #ARGV do assert(string.match(ARGV[i], '^%d+%-%d+$'), 'an id is none') end
local kept = 0
for i = 3, #ARGV do
  local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2])
  if not pending.err and #pending > 0 then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'JUSTID')
    kept = kept + 1
  end
end
return {kept}
