-- Lists live generations of lower versions as gone if nobody of their version was there for long enough,
-- but none beside which a fresh one is being filled.
--
-- KEYS  1 views
-- ARGV  1 projection, 2 version, 3 age in microseconds
-- reply {number of generations}
local name, version = ARGV[1] .. ':', tonumber(ARGV[2])
local function get(field) return redis.call('HGET', KEYS[1], name .. field) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local old = string.match(get('rebuild') or '', '^%d+ (%d+) ')
local gone, rest, retired = get('gone') or '', {}, 0
for live in string.gmatch(get('versions') or '', '%d+') do
  local number = get('live:' .. live)
  local seen = tonumber(get('seen:' .. live) or 0)
  if tonumber(live) < version and number ~= old and seen + tonumber(ARGV[3]) <= now then
    gone, retired = gone .. ' ' .. number, retired + 1
    redis.call('HSET', KEYS[1], name .. 'gone', gone, name .. 'gone:' .. number, string.format('%.0f', now))
    redis.call('HDEL', KEYS[1], name .. 'live:' .. live, name .. 'seen:' .. live)
  else
    rest[#rest + 1] = live
  end
end
if retired > 0 then
  if #rest == 0 then
    redis.call('HDEL', KEYS[1], name .. 'versions')
  else
    redis.call('HSET', KEYS[1], name .. 'versions', table.concat(rest, ' '))
  end
end
return {retired}
