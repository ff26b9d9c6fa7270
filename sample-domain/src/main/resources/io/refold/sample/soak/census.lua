-- Counts what should not grow, over all keys of a server.
-- KEYS[1]: any key of the store; names the node that is asked.
-- Replies keys that are no streams of aggregates and no snapshots, names of consumers of all groups,
-- and entries pending in them.
local keys, consumers, pending, cursor = 0, 0, 0, '0'
repeat
  local page = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    if not string.find(key, '}:s:', 1, true) and not string.find(key, '}:snap:', 1, true) then
      keys = keys + 1
    end
    if string.sub(key, -5) == '}:log' then
      for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do
        consumers, pending = consumers + group[4], pending + group[6]
      end
    end
  end
until cursor == '0'
return {keys, consumers, pending}
