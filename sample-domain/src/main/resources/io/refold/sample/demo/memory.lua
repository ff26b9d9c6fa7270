-- Returns how many bytes the server uses.
-- KEYS[1]: any key of the store; names the node that is asked.
return tonumber(string.match(redis.call('INFO', 'memory'), 'used_memory:(%d+)'))
