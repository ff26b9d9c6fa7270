-- Starts a rebuild, or takes over one whose coordinator has not been seen for its lease. One that such a
-- coordinator left for another version is cancelled.
--
-- KEYS  1 views
-- ARGV  1 projection, 2 version, 3 shape, 4 coordinator, 5 its lease in microseconds,
--       6 '1': only go on with one that is there and of this version
-- reply {'started', resumed (1 or 0), fresh generation, its shape, old generation, its shape},
--       {'running', coordinator}, {'nothing-live'}
local name = ARGV[1] .. ':'
local function get(field) return redis.call('HGET', KEYS[1], name .. field) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local lease = tonumber(ARGV[5])
local rebuild = get('rebuild')
local resumed = rebuild and 1 or 0
if rebuild then
  local expires, coordinator = string.match(get('coordinator') or '0 ', '^(%d+) (.*)$')
  expires = tonumber(expires)
  if expires > now and expires <= now + lease and coordinator ~= ARGV[4] then
    return {'running', coordinator}
  end
  local abandoned = string.match(rebuild, '^%d+')
  if cjson.decode(get('gen:' .. abandoned)).version ~= tonumber(ARGV[2]) then -- nobody here would fill it
    if ARGV[6] == '1' then return {'nothing-live'} end
    redis.call('HSET', KEYS[1], name .. 'gone', (get('gone') or '') .. ' ' .. abandoned,
      name .. 'gone:' .. abandoned, string.format('%.0f', now))
    redis.call('HDEL', KEYS[1], name .. 'rebuild')
    rebuild, resumed = nil, 0
  end
end
if not rebuild then
  if ARGV[6] == '1' then return {'nothing-live'} end
  local old = get('live:' .. ARGV[2])
  if not old then return {'nothing-live'} end
  local fresh = tostring(redis.call('HINCRBY', KEYS[1], name .. 'next', 1))
  rebuild = fresh .. ' ' .. old
  redis.call('HSET', KEYS[1], name .. 'gen:' .. fresh, ARGV[3], name .. 'rebuild', rebuild)
end
redis.call('HSET', KEYS[1], name .. 'coordinator', string.format('%.0f ', now + lease) .. ARGV[4])
local fresh, old = string.match(rebuild, '^(%d+) (%d+)$')
return {'started', resumed, fresh, get('gen:' .. fresh), old, get('gen:' .. old)}
