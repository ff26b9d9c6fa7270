-- Starts to fill a fresh generation, or takes over a rebuild whose coordinator has not been seen for its
-- lease. Whatever else has lost its coordinator is cancelled.
--
-- KEYS  1 views
-- ARGV  1 projection, 2 version, 3 shape, 4 coordinator, 5 its lease in microseconds, 6 purpose (REBUILD,
--       VERIFICATION, RECOMPUTATION), or ADOPT: go on with a rebuild of this version, or start one if no
--       version as high is live, or was stopped; one of another version is cancelled only three leases later,
--       and never while it is paused, 7 terms
-- reply {'started', resumed (1 or 0), fresh generation, its shape, old generation, its shape, purpose},
--       {'running', coordinator, fresh generation, its shape, old generation, its shape, purpose},
--       {'nothing-live'}
local name, version, purpose = ARGV[1] .. ':', tonumber(ARGV[2]), ARGV[6]
local function get(field) return redis.call('HGET', KEYS[1], name .. field) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local lease = tonumber(ARGV[5])
assert(version and lease and string.match(purpose, '^%u+$') and ARGV[7], 'an argument is missing')
local function reply(status, second, rebuild)
  local fresh, old, what = string.match(rebuild, '^(%d+) (%d+) (%u+)$')
  return {status, second, fresh, get('gen:' .. fresh), old, get('gen:' .. old), what}
end
local rebuild = get('rebuild')
local resumed, abandoned = rebuild and 1 or 0, nil -- abandoned: the fresh generation of one to cancel
if rebuild then
  local expires, coordinator = string.match(get('coordinator') or '0 ', '^(%d+) (.*)$')
  expires = tonumber(expires)
  if expires > now and expires <= now + lease and coordinator ~= ARGV[4] then
    return reply('running', coordinator, rebuild)
  end
  local fresh, _, what = string.match(rebuild, '^(%d+) (%d+) (%u+)$')
  local read = what == 'REBUILD'
  local ours = read and cjson.decode(get('gen:' .. fresh)).version == version
  if ours and purpose ~= 'REBUILD' and purpose ~= 'ADOPT' then return reply('running', coordinator, rebuild) end
  if not ours then
    local wanted = string.match(get('terms') or '', '^%d+ 1 ') -- somebody has paused it, to go on
      or expires <= now + lease and expires + 3 * lease > now
    if purpose == 'ADOPT' and read and wanted then return reply('running', coordinator, rebuild) end
    rebuild, resumed, abandoned = nil, 0, fresh
  end
end
if not rebuild then
  local highest = 0
  for live in string.gmatch(get('versions') or '', '%d+') do highest = math.max(highest, tonumber(live)) end
  local old = get('live:' .. version)
  if not old and (purpose == 'REBUILD' or purpose == 'ADOPT') then old = get('live:' .. highest) end
  if purpose == 'ADOPT' and (highest == 0 or math.max(highest, tonumber(get('stopped') or 0)) >= version) then
    old = false
  end
  local next = string.match(get('next') or '', '^[1-9]%d*$')
  assert(not old or string.match(old, '^%d+$') and next and #next < 16, 'a generation is damaged')
  if abandoned then
    redis.call('HSET', KEYS[1], name .. 'gone', (get('gone') or '') .. ' ' .. abandoned,
      name .. 'gone:' .. abandoned, string.format('%.0f', now))
    redis.call('HDEL', KEYS[1], name .. 'rebuild', name .. 'coordinator', name .. 'terms')
  end
  if not old then return {'nothing-live'} end
  local fresh = tostring(redis.call('HINCRBY', KEYS[1], name .. 'next', 1))
  rebuild = fresh .. ' ' .. old .. ' ' .. (purpose == 'ADOPT' and 'REBUILD' or purpose)
  redis.call('HSET', KEYS[1], name .. 'gen:' .. fresh, ARGV[3], name .. 'rebuild', rebuild, name .. 'terms', ARGV[7])
end
redis.call('HSET', KEYS[1], name .. 'coordinator', string.format('%.0f ', now + lease) .. ARGV[4])
return reply('started', resumed, rebuild)
