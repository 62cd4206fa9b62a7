"""Lua for Valkey: each script is one step that nobody else can come between.

Three keys a counter, in one slot of a cluster with all others of the organisation:
state    hash: used (by all, with everything held), end (of the window, Unix ms, 0 without), epoch, wanted (until when
         nobody may hold more than is reserved), due (when to reconcile), ledger (what it last said), user
leases   hash: process -> "held spent expires reserved"; spent is what the process has told of since the epoch began
index    sorted set of all counters of the limit, by when they may be forgotten
"""

from typing import Final

# ARGV: one MessagePack array: process, ms of a lease, ms of a recall, part of the room that one process may hold, ms
# between reconciliations, counters, requests. A counter: kind, value, hard, start, end and next end of its window,
# spent, reserved, wanted, typical, epoch and end that the process knows, subject, user. A request: the number and the
# amount of each counter that it touches, in turns.
#
# All or nothing for each request, one after the other: 0 granted, n refused by counter n, -n if n has to be seeded.
# Answers {now, verdicts, counters} as MessagePack, where a counter is {epoch, end, held, used, spare, due}; {now, {},
# {}} if the process is wrong about the time.
EXCHANGE: Final = """
local me, lease_ms, recall_ms, share, every, counters, requests = unpack(cmsgpack.unpack(ARGV[1]))
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local stamp = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))

local function parts(entry)
  local held, spent, expires, reserved = string.match(entry, '^(%S+) (%S+) (%S+) (%S+)$')
  return tonumber(held), tonumber(spent), tonumber(expires), tonumber(reserved)
end

-- Slots of processes that are no more come back; anything else may have been used before they died.
local function free_lost_slots(c)
  local all = redis.call('HGETALL', c.leases)
  for at = 1, #all, 2 do
    local held, _, expires = parts(all[at + 1])
    if all[at] ~= me and expires < now then
      redis.call('HDEL', c.leases, all[at])
      c.used = c.used - held
    end
  end
end

local function open_window(c)
  local kept = redis.call('HMGET', c.state, 'used', 'end', 'epoch', 'wanted', 'due')
  c.used, c.epoch, c.wanted = tonumber(kept[1]) or 0, kept[3], tonumber(kept[4]) or 0
  c.due = tonumber(kept[5]) or 0
  if c.epoch and tonumber(kept[2]) ~= c.ends then
    redis.call('DEL', c.state, c.leases)
    c.used, c.wanted, c.epoch, c.fresh = 0, 0, stamp, true
  elseif not c.epoch then
    if c.kind == 'cost' then c.unseeded = true else c.epoch, c.fresh = stamp, true end
  end
  if c.kind == 'slots' then free_lost_slots(c) end
end

-- What the process says is weighed against what it said last.
local function hear(c)
  c.seen, c.held = 0, 0
  if c.sent_end ~= c.ends then
    c.spent, c.reserved = 0, 0
    return
  end
  local entry = c.epoch and c.sent_epoch == c.epoch and redis.call('HGET', c.leases, me)
  if entry then
    c.held, c.seen = parts(entry)
  elseif c.kind == 'cost' then
    c.seen = c.spent
  end
end

for i, sent in ipairs(counters) do
  local c = {state = KEYS[3 * i - 2], leases = KEYS[3 * i - 1], index = KEYS[3 * i], ends = 0, asked = 0}
  c.kind, c.value, c.hard, c.start, c.first, c.second, c.spent, c.reserved, c.want, c.typical, c.sent_epoch, c.sent_end,
    c.subject, c.user = unpack(sent)
  if c.first > 0 then
    if now < c.start or now >= c.second then return cmsgpack.pack({now, {}, {}}) end
    c.ends = now < c.first and c.first or c.second
  end
  counters[i] = c
end
for _, c in ipairs(counters) do
  open_window(c)
  hear(c)
  c.least = c.used - c.held + c.spent - c.seen + c.reserved
end

local verdicts = {}
for r, touched in ipairs(requests) do
  local verdict = 0
  for t = 1, #touched, 2 do
    local i, amount = touched[t], touched[t + 1]
    local c = counters[i]
    if c.unseeded then
      verdict = -i
      break
    elseif verdict == 0 and c.hard and c.least + c.asked + amount > c.value then
      verdict = i
      c.refused = true
    end
  end
  if verdict == 0 then
    for t = 1, #touched, 2 do
      local c = counters[touched[t]]
      c.asked = c.asked + touched[t + 1]
    end
  end
  verdicts[r] = verdict
end

local function slice(c)
  local room = c.value - c.least
  if not c.hard then room = math.max(room, math.floor(c.value / 2)) end
  local extra = math.min(c.want, math.floor(room * share))
  if c.refused or now < c.wanted or extra < math.max(1, c.typical) then return 0 end
  return extra
end

-- What could come back: slices that others hold, and reservations that may settle lower.
local function returnable(c)
  local sum = c.kind == 'requests' and 0 or c.reserved + c.asked
  local all = redis.call('HGETALL', c.leases)
  for at = 1, #all, 2 do
    if all[at] ~= me then
      local held, _, _, reserved = parts(all[at + 1])
      sum = sum + (c.kind == 'requests' and held - reserved or held)
    end
  end
  return sum
end

local function lasts(c)
  if c.ends > 0 then return c.ends - now + c.second - c.first end
  return c.kind == 'slots' and 3600000 or 34560000000
end

local function keep(c)
  local extra, ms, due = slice(c), lasts(c), 0
  c.least = c.least + c.asked
  local held, used = c.reserved + c.asked + extra, c.least + extra
  local spare = c.value - used
  if c.refused then
    local back = returnable(c)
    spare = spare + back
    if back > 0 then redis.call('HSET', c.state, 'wanted', now + recall_ms) end
  end
  redis.call('HSET', c.state, 'used', used, 'end', c.ends, 'epoch', c.epoch)
  local entry = string.format('%.0f %.0f %.0f %.0f', held, c.spent, now + lease_ms, c.reserved + c.asked)
  redis.call('HSET', c.leases, me, entry)
  if c.kind == 'cost' and now >= c.due then
    due = c.due > 0 and 1 or 0
    redis.call('HSET', c.state, 'due', now + every)
  end
  if c.fresh or c.kind == 'slots' or redis.call('HEXISTS', c.state, 'user') == 0 then
    redis.call('HSET', c.state, 'user', c.user)
    redis.call('ZREMRANGEBYSCORE', c.index, '-inf', now)
    redis.call('PEXPIRE', c.index, 34560000000)
    redis.call('ZADD', c.index, now + ms, c.subject)
  end
  redis.call('PEXPIRE', c.state, ms)
  redis.call('PEXPIRE', c.leases, ms)
  return {c.epoch, c.ends, held, used, spare, due}
end

local known = {}
for i, c in ipairs(counters) do
  known[i] = c.unseeded and {'', c.ends, 0, 0, 0, 0} or keep(c)
end
return cmsgpack.pack({now, verdicts, known})
"""

# KEYS: state. ARGV: what the ledger says, start and end of the window that it was asked for, ms between
# reconciliations. Once only: whoever comes second changes nothing. 1 if it was used.
SEED: Final = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local ends = tonumber(ARGV[3])
if redis.call('HEXISTS', KEYS[1], 'epoch') == 1 or (ends > 0 and now >= ends) then return 0 end
local stamp = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
redis.call('HSET', KEYS[1], 'used', ARGV[1], 'end', ARGV[3], 'epoch', stamp, 'ledger', ARGV[1], 'due', now + ARGV[4])
redis.call('PEXPIRE', KEYS[1], ends > 0 and 2 * ends - now - tonumber(ARGV[2]) or 34560000000)
return 1
"""

# KEYS: state, leases. ARGV: what the ledger says, the epoch that it was asked for, ms after which the ledger has seen
# all that a lost process spent. The ledger lags behind, so by itself it only raises what is used; it is lowered by
# leases that were lost that long ago, and by as much as the ledger itself went down.
# Answers {before, after}, or nothing if the counter has begun anew.
RECONCILE: Final = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local kept = redis.call('HMGET', KEYS[1], 'used', 'epoch', 'ledger')
if kept[2] ~= ARGV[2] then return {} end
local used, spent, before = tonumber(kept[1]), tonumber(ARGV[1]), tonumber(kept[3]) or 0
local held, lost = 0, 0
local all = redis.call('HGETALL', KEYS[2])
for at = 1, #all, 2 do
  local amount, _, expires = string.match(all[at + 1], '^(%S+) (%S+) (%S+)')
  if tonumber(expires) + tonumber(ARGV[3]) < now then
    lost = lost + tonumber(amount)
    redis.call('HDEL', KEYS[2], all[at])
  else
    held = held + tonumber(amount)
  end
end
local after = math.max(spent + held, used - lost - math.max(0, before - spent))
redis.call('HSET', KEYS[1], 'used', after, 'ledger', spent)
return {used, after}
"""
