-- Returns a stream's snapshot and the events from there on, or its first events.
--
-- KEYS  1 the stream, 2 its snapshot
-- ARGV  1 the fingerprint wanted, 2 how many events at most
-- reply {'snapshot', state, recent commands, entries from the snapshot's version on}
--       {'none', entries from the first on}
--       {'ignored', why, entries from the first on}
local key, snapshot = KEYS[1], KEYS[2]
local fingerprint, limit = ARGV[1], ARGV[2]

local function first() return redis.call('XRANGE', key, '-', '+', 'COUNT', limit) end

local saved = redis.call('HMGET', snapshot, 'v', 'p', 's', 'c', 'f')
if not saved[1] and not saved[5] then return {'none', first()} end
for i = 1, 5 do
  if not saved[i] then return {'ignored', 'it is damaged: a field is missing', first()} end
end
if saved[5] ~= fingerprint then return {'ignored', 'it is of another shape of state, ' .. saved[5], first()} end
local version = string.match(saved[1], '^%d+$')
if not version or #version > 15 then return {'ignored', 'it is damaged: its version is no number', first()} end
local entries = redis.call('XRANGE', key, version .. '-0', '+', 'COUNT', limit)
if not entries[1] or entries[1][1] ~= version .. '-0' or entries[1][2][8] ~= saved[2] then
  return {'ignored', 'its event ' .. version .. ' is not in the stream', first()}
end
return {'snapshot', saved[3], saved[4], entries}
