-- Reads what generations there are of a projection, and notes that somebody of a live version is there.
--
-- KEYS  1 views
-- ARGV  1 projection, 2 version, 3 how old a note may be, in microseconds
-- reply {live generation or '', its shape or '', fresh generation of a rebuild or '', its shape, old
--       generation, its shape, purpose, terms, {generation, shape, … of those that are gone},
--       {generation, shape, … of those that are read}}
local function get(field) return redis.call('HGET', KEYS[1], ARGV[1] .. ':' .. field) or '' end
local live = get('live:' .. ARGV[2])
if live ~= '' then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
  local seen = tonumber(get('seen:' .. ARGV[2])) or 0
  if seen > now or seen + tonumber(ARGV[3]) <= now then
    redis.call('HSET', KEYS[1], ARGV[1] .. ':seen:' .. ARGV[2], string.format('%.0f', now))
  end
end
local gone, read, versions = {}, {}, {}
for number in string.gmatch(get('gone'), '%d+') do
  gone[#gone + 1], gone[#gone + 2] = number, get('gen:' .. number)
end
for version in string.gmatch(get('versions'), '%d+') do versions[#versions + 1] = tonumber(version) end
table.sort(versions)
for _, version in ipairs(versions) do
  local number = get('live:' .. version)
  read[#read + 1], read[#read + 2] = number, get('gen:' .. number)
end
local fresh, old, purpose = string.match(get('rebuild'), '^(%d+) (%d+) (%u+)$')
fresh, old, purpose = fresh or '', old or '', purpose or ''
return {live, get('gen:' .. live), fresh, get('gen:' .. fresh), old, get('gen:' .. old), purpose, get('terms'), gone, read}
