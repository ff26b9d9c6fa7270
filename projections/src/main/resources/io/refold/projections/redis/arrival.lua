-- Tells whether a position is settled, and still in the log.
--
-- KEYS  1 at, 2 log, 3 parked
-- ARGV  1 log id
-- reply {'applied'}, {'parked'}, {'pending'}, {'lost'}, {'gone'}
local settled = redis.call('HGET', KEYS[1], 'settled')
if not settled then return {'gone'} end
local entry = redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1])[1]
if not entry then return {'lost'} end
if tonumber(string.match(settled, '^%d+')) < tonumber(string.match(ARGV[1], '^%d+')) then return {'pending'} end
if redis.call('EXISTS', KEYS[3]) == 1 then
  for first, count, stream in string.gmatch(entry[2][2], '(%d+) (%d+) ([^\n]+)') do
    assert(tonumber(count) <= 1e5, 'the log entry is damaged')
    local parked = string.match(redis.call('HGET', KEYS[3], 'p:' .. stream) or '', '^%d+')
    if parked and tonumber(parked) < first + count then return {'parked'} end
    for version = tonumber(first), first + count - 1 do
      if redis.call('HEXISTS', KEYS[3], string.format('e:%.0f %s', version, stream)) == 1 then return {'parked'} end
    end
  end
end
return {'applied'}
