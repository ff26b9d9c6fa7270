-- Writes one key of every kind that scripts touch, as a store with a projection has them.
--
-- KEYS  none
-- ARGV  none
-- reply {'done'}
local call = redis.call
call('FLUSHDB')
call('XADD', 'log', '1-1000000', 'w', '1 2 account:1')
call('XADD', 'log', '2-2000000', 'w', '3 1 account:1\n1 1 other:1')
call('XADD', 'log', '3-3000000', 'w', '2 1 other:1')
call('HSET', 'count', 'appends', '3', 'events', '5')
call('XADD', 's', '1-0', 't', 'opened', 'd', '{}', 'c', 'c1', 'p', '1-1000000')
call('XADD', 's', '2-0', 't', 'deposited', 'd', '{}', 'c', 'c1', 'p', '1-1000000')
call('XADD', 's', '3-0', 't', 'deposited', 'd', '{}', 'c', 'c2', 'p', '2-2000000')
call('XADD', 's2', '1-0', 't', 'opened', 'd', '{}', 'c', 'c2', 'p', '2-2000000', 'm', '{"user":"bob"}')
call('XADD', 's2', '2-0', 't', 'deposited', 'd', '{}', 'c', 'c3', 'p', '3-3000000')
call('HSET', 'snap', 'v', '2', 'p', '1-1000000', 'f', 'shape', 's', '{}', 'c', '')
call('HSET', 'meta', 'layout', '1', 'partitions', '16', 'created', '1000000')
call('HSET', 'lease', 'owner', 'o', 'epoch', '5', 'expires', '0')
call('HSET', 'lease2', 'owner', 'rebuild', 'epoch', '6', 'expires', '0', 'fenced', '2')
for _, at in ipairs({'at', 'at2'}) do
  call('HSET', at, 'settled', '1-1000000', 'events', '2', 'grouped', '1', 'problem', '', 'outdated', '0',
    'shard:0', '1-1000000', 'rated', '1000 0', 'attempts', '0')
end
call('HSET', 'filling', 'settled', '0-0', 'events', '0', 'grouped', '0', 'problem', '')
call('HSET', 'lost', 'settled', '1-7', 'events', '2', 'grouped', '1', 'problem', 'lost: 1-7')
for _, group in ipairs({'g', 'g2'}) do
  call('XGROUP', 'CREATE', 'log', group, '1-1000000')
  call('XREADGROUP', 'GROUP', group, 'owner', 'COUNT', 1, 'STREAMS', 'log', '>')
end
for _, parked in ipairs({'parked', 'parked2'}) do
  call('HSET', parked, 'p:account:1', '3 1 1000 why', 'r:account:1', 'retry', 'e:3 account:1', '1 1000 why')
  call('HSET', parked, 'p:other:1', '1 1 1000 why')
end
call('HSET', 'dropped', '1 other:1', '1000 reason')
call('HSET', 'dropped2', '2 other:1', '1000 reason')
call('ZADD', 'workers', '99999999999999', 'w1')
call('HSET', 'views', 'x:next', '2', 'x:gen:1', '{"version":1}', 'x:gen:2', '{"version":2}', 'x:live:1', '1',
  'x:versions', '1', 'x:seen:1', '1000', 'x:rebuild', '2 1 REBUILD', 'x:coordinator', '1000 co',
  'x:terms', '0 0 0', 'x:gone', ' 7', 'x:gone:7', '1000', 'x:gen:7', '{"version":0}')
call('HSET', 'head', 'rev', '10', 'o0', '5 o', 'c0', '1-1000000', 'n0:account:1', '2 1-1000000', 'd0:1 other:1', '')
call('HSET', 'rows', 'k1', '3 {}', 'k2', '4 {}')
call('ZADD', 'keys', 0, 'k1', 0, 'k2')
call('ZADD', 'ix', 0, 'a\0k1', 0, 'b\0k2')
call('ZADD', 'ix2', 0, 'a\0k1', 0, 'b\0k2')
call('ZADD', 'deadlines', 1000, '1 remind\0i1', 2000, '2 expire\0i2')
call('HSET', 'subject', 'key', 'secret')
call('SADD', 'streams', 'account:1')
call('SET', 'seal', 'secret')
call('HSET', 'value', 'owner', 'account:1', 'command', 'c1', 'until', '1000', 'hold', '1000', 'attempt:a', '')
call('HSET', 'held', 'owner', 'account:1', 'command', 'c1',
  'past', '[["account:1","c0",0],["other:1","c9",99999999999999]]')
return {'done'}
