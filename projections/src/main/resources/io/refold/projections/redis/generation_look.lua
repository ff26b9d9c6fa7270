-- Reads what generations there are of a projection.
--
-- KEYS  1 views
-- ARGV  1 projection, 2 version
-- reply {live generation or '', its shape or '', fresh generation of a rebuild or '', its shape, old
--       generation, its shape, then the generations that are gone, each with its shape}
local function get(field) return redis.call('HGET', KEYS[1], ARGV[1] .. ':' .. field) or '' end
local live = get('live:' .. ARGV[2])
local fresh, old = string.match(get('rebuild'), '^(%d+) (%d+)$')
fresh, old = fresh or '', old or ''
local reply = {live, get('gen:' .. live), fresh, get('gen:' .. fresh), old, get('gen:' .. old)}
for gone in string.gmatch(get('gone'), '%d+') do
  reply[#reply + 1] = gone
  reply[#reply + 1] = get('gen:' .. gone)
end
return reply
