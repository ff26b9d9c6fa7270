-- Saves a snapshot, unless a newer one is there.
--
-- KEYS  1 the stream, 2 its snapshot
-- ARGV  1 version, 2 position of that event, 3 fingerprint, 4 state, 5 recent commands
-- reply {1} if it was saved, else {0}: a newer one is there, the stream is of another history, data
--       in it has been forgotten since, or more than 256 events follow, too many to look through
local key, snapshot = KEYS[1], KEYS[2]
local version, position = ARGV[1], ARGV[2]

local function event(number) return redis.call('XRANGE', key, number .. '-0', number .. '-0')[1] end

local at = event(version)
if not at or at[2][8] ~= position then return {0} end
local behind = redis.call('XRANGE', key, '(' .. version .. '-0', '+', 'COUNT', 257)
if #behind > 256 then return {0} end
for _, entry in ipairs(behind) do
  if entry[2][2] == '$forgotten' then return {0} end
end
local saved = string.match(redis.call('HGET', snapshot, 'v') or '', '^%d+$')
if saved and #saved <= 15 and tonumber(saved) > tonumber(version) and
  (event(saved) or {{}, {}})[2][8] == redis.call('HGET', snapshot, 'p') then return {0} end
redis.call('HSET', snapshot, 'v', version, 'p', position, 'f', ARGV[3], 's', ARGV[4], 'c', ARGV[5])
return {1}
