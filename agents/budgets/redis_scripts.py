"""The steps of an account in Redis, in its Lua, and the form of an account there: one hash a budget.

===============================  ====================================================================
``run``                          of the server's process that the account was installed in. Another one may have come
                                 up with an older state: the account is unknown to it
``state``, ``token``             ``building`` or ``ready``, and who builds
``s/<period>``, ``h/<period>``   nano-USD spent and held
``v/<partition>``                the last offset of the ledger's topic that is in ``s``
``r/<reservation>``              its amount, and the periods that it is held in
``p/<partition>/<offset>/<reservation>``  a settlement that was put aside: its amount and period
``a/<period>/<percent>``         the entry that crossed a threshold
``n/<period>``                   the reservation that was refused first
===============================  ====================================================================

Lua counts in doubles; amounts within :data:`agents.budgets.budget.LARGEST` are exact in them, and the sums that are
kept are added up by Redis, in 64-bit integers.
"""

from __future__ import annotations

ACCOUNT = "headrace:budget:"
TTL_MS = 100 * 24 * 3_600_000
"""How long an account is kept that nobody asks: over two of the longest periods, and what may come late."""

_COMMON = """
local RUN = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local function state(key)
  local s = redis.call('HMGET', key, 'run', 'state')
  return s[1] == RUN and s[2] or nil
end
local function whole(n) return string.format('%.0f', n) end
local function sums(key, period)
  local s = redis.call('HMGET', key, 's/' .. period, 'h/' .. period)
  return tonumber(s[1] or 0), tonumber(s[2] or 0)
end
local function held(key, id)
  local amount, periods = nil, {}
  for word in string.gmatch(redis.call('HGET', key, 'r/' .. id) or '0', '%S+') do
    if amount then periods[#periods + 1] = word else amount = tonumber(word) end
  end
  return amount, periods
end
local function release(key, id)
  local amount, periods = held(key, id)
  for _, period in ipairs(periods) do redis.call('HINCRBY', key, 'h/' .. period, whole(0 - amount)) end
  redis.call('HDEL', key, 'r/' .. id)
end
"""

# A reservation of which every period is over belongs to a request that was answered long ago.
HOLD = (
    _COMMON
    + """
local function sweep(key, oldest)
  local fields = redis.call('HKEYS', key)
  for _, field in ipairs(fields) do
    local id = string.match(field, '^r/(.*)$')
    if id then
      local _, periods = held(key, id)
      if tonumber(periods[#periods]) < oldest then release(key, id) end
    end
  end
  for _, field in ipairs(fields) do
    local period = string.match(field, '^[shan]/(%d+)')
    if period and tonumber(period) < oldest then redis.call('HDEL', key, field) end
  end
end
local id, amount, ttl = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local at, lines, unknown = 4, {}, {}
for i, key in ipairs(KEYS) do
  if state(key) ~= 'ready' then unknown[#unknown + 1] = i end
  local line = {limit = tonumber(ARGV[at]), strict = ARGV[at + 1] == '1', oldest = tonumber(ARGV[at + 2]), periods = {}}
  for j = 1, tonumber(ARGV[at + 3]) do line.periods[j] = ARGV[at + 3 + j] end
  lines[i], at = line, at + 4 + #line.periods
end
if #unknown > 0 then return {'unknown', unpack(unknown)} end
local news, short = {}, nil
for i, key in ipairs(KEYS) do
  local line, own = lines[i], {}
  local before, periods = held(key, id)
  for _, period in ipairs(periods) do own[period] = before end
  for _, period in ipairs(line.periods) do
    local spent, all = sums(key, period)
    local others = all - (own[period] or 0)
    if amount > line.limit - spent - others then
      local said = {i, period, whole(spent), whole(others)}
      local first = redis.call('HGET', key, 'n/' .. period)
      if not first then redis.call('HSET', key, 'n/' .. period, id) end
      if not first or first == id then news[#news + 1] = said end
      if line.strict and not short then short = said end
      break
    end
  end
end
if short then return {'short', short, unpack(news)} end
for i, key in ipairs(KEYS) do
  release(key, id)
  for _, period in ipairs(lines[i].periods) do
    if redis.call('HEXISTS', key, 'h/' .. period) == 0 then sweep(key, lines[i].oldest) end
    redis.call('HINCRBY', key, 'h/' .. period, whole(amount))
  end
  redis.call('HSET', key, 'r/' .. id, whole(amount) .. ' ' .. table.concat(lines[i].periods, ' '))
  redis.call('PEXPIRE', key, ttl)
end
return {'held', '', unpack(news)}
"""
)

# An account that is not there needs no settlement: whoever rebuilds it reads the entry from the log.
SETTLE = (
    _COMMON
    + """
local id, partition, offset, effective = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local at, crossings, me = 5, {}, partition .. '@' .. offset
for i, key in ipairs(KEYS) do
  local period, thresholds, is = ARGV[at], tonumber(ARGV[at + 1]), state(key)
  if is == 'building' then
    redis.call('HSET', key, 'p/' .. partition .. '/' .. offset .. '/' .. id, effective .. ' ' .. period)
  elseif is == 'ready' then
    if id ~= '' then release(key, id) end
    if tonumber(offset) > (tonumber(redis.call('HGET', key, 'v/' .. partition)) or -1) then
      redis.call('HINCRBY', key, 's/' .. period, effective)
      redis.call('HSET', key, 'v/' .. partition, offset)
    end
    local spent, all = sums(key, period)
    for j = at + 2, at + 2 * thresholds, 2 do
      local mark = 'a/' .. period .. '/' .. ARGV[j]
      local by = redis.call('HGET', key, mark)
      if not by and spent >= tonumber(ARGV[j + 1]) then
        redis.call('HSET', key, mark, me)
        by = me
      end
      if by == me then crossings[#crossings + 1] = {i, period, ARGV[j], whole(spent), whole(all)} end
    end
  end
  at = at + 2 + 2 * thresholds
end
return crossings
"""
)

BEGIN = (
    _COMMON
    + """
local is = state(KEYS[1])
if is == 'ready' then return false end
if is == 'building' then return redis.call('HGET', KEYS[1], 'token') end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'run', RUN, 'state', 'building', 'token', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return ARGV[1]
"""
)

INSTALL = (
    _COMMON
    + """
local key, token, ttl = KEYS[1], ARGV[1], ARGV[2]
if state(key) ~= 'building' or redis.call('HGET', key, 'token') ~= token then return 0 end
for j = 3, #ARGV, 2 do redis.call('HSET', key, ARGV[j], ARGV[j + 1]) end
local aside, known, last = redis.call('HGETALL', key), {}, {}
for j = 1, #aside, 2 do
  local partition, offset, id = string.match(aside[j], '^p/(%d+)/(-?%d+)/(.*)$')
  if partition then
    if id ~= '' then release(key, id) end
    known[partition] = known[partition] or tonumber(redis.call('HGET', key, 'v/' .. partition)) or -1
    if tonumber(offset) > known[partition] then
      local effective, period = string.match(aside[j + 1], '^(%S+) (%S+)$')
      redis.call('HINCRBY', key, 's/' .. period, effective)
      last[partition] = math.max(last[partition] or -1, tonumber(offset))
    end
    redis.call('HDEL', key, aside[j])
  end
end
for partition, offset in pairs(last) do redis.call('HSET', key, 'v/' .. partition, whole(offset)) end
redis.call('HSET', key, 'state', 'ready')
redis.call('PEXPIRE', key, ttl)
return 1
"""
)
