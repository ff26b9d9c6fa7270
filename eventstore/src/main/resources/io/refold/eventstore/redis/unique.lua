-- What scripts share that reserve a value or free it; it stands before each of them.
--
-- The field 'past' of a value holds the claims that are over, as JSON, the oldest first: owner, command
-- id, and the milliseconds since 1970 at which the owner gave the value up, or 0 while it has the value
-- by a later claim.
local PAST = 256 -- how many are kept

local function milliseconds()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Returns a time that was given, in milliseconds.
local function given_time(text)
  local time = tonumber(text)
  assert(time and time >= 0 and time <= 1e15 and time % 1 == 0, 'a time is no number of milliseconds')
  return time
end

local function past_claims(key)
  local text = redis.call('HGET', key, 'past')
  local past = text and cjson.decode(text) or {}
  assert(type(past) == 'table', 'the claims that are over are damaged')
  for _, claim in ipairs(past) do
    assert(type(claim) == 'table' and type(claim[3]) == 'number', 'a claim that is over is damaged')
  end
  return past
end

local function given_up(past, owner, command)
  for _, claim in ipairs(past) do
    if claim[1] == owner and claim[2] == command and claim[3] > 0 then return true end
  end
  return false
end

-- Returns the claims of these that still count, and one more.
local function with_claim(past, owner, command, ended, oldest)
  local kept = {}
  for i = math.max(1, #past - PAST + 2), #past do
    local claim = past[i]
    local same = claim[1] == owner and claim[2] == command
    if not same and (claim[3] == 0 or claim[3] >= oldest) then table.insert(kept, claim) end
  end
  table.insert(kept, {owner, command, ended})
  return kept
end

-- Leaves nothing of a value but its past claims, and puts what is given.
local function put(key, past, ...)
  local text = #past > 0 and cjson.encode(past)
  redis.call('DEL', key)
  if text then redis.call('HSET', key, 'past', text) end
  if select('#', ...) > 0 then redis.call('HSET', key, ...) end
end

