-- Lists live generations of lower versions as gone if nobody of their version was there for long enough,
-- but none beside which a fresh one is being filled, and none as long as this version has none itself.
--
-- KEYS  1 views
-- ARGV  1 projection, 2 version, 3 age in microseconds
-- reply {number of generations}
local name, version = ARGV[1] .. ':', tonumber(ARGV[2])
local function get(field) return redis.call('HGET', KEYS[1], name .. field) end
if not get('live:' .. ARGV[2]) then return {0} end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local old = string.match(get('rebuild') or '', '^%d+ (%d+) ')
local gone, rest, retired, before = get('gone') or '', {}, {}, now - tonumber(ARGV[3])
for live in string.gmatch(get('versions') or '', '%d+') do
  local number = get('live:' .. live)
  local seen = tonumber(get('seen:' .. live) or 0)
  assert(number and seen, 'a live generation is damaged')
  if tonumber(live) < version and number ~= old and seen <= before then
    gone = gone .. ' ' .. number
    retired[#retired + 1] = {live, number}
  else
    rest[#rest + 1] = live
  end
end
for _, each in ipairs(retired) do
  redis.call('HSET', KEYS[1], name .. 'gone', gone, name .. 'gone:' .. each[2], string.format('%.0f', now))
  redis.call('HDEL', KEYS[1], name .. 'live:' .. each[1], name .. 'seen:' .. each[1])
end
if #retired > 0 then
  if #rest == 0 then
    redis.call('HDEL', KEYS[1], name .. 'versions')
  else
    redis.call('HSET', KEYS[1], name .. 'versions', table.concat(rest, ' '))
  end
end
return {#retired}
