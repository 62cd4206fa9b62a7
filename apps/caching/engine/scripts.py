"""Lua for Valkey: each script is one step that nobody else can come between.

Keys of all of them: order, expiry, sizes, facts. `facts` holds the sum of the bytes, the number of the last use, and by
which policy `order` is ordered: scores are the number of the last use (lru), of the arrival (fifo), or the count of
uses times 2^32 plus the number of the last use (lfu), so that of two equally frequent entries the older one goes.
"""

from typing import Final

# Take `digest` out of the books; its value may be gone already.
_FORGET: Final = """
local function forget(digest)
  local size = redis.call('HGET', KEYS[3], digest)
  if size then
    redis.call('HDEL', KEYS[3], digest)
    redis.call('HINCRBY', KEYS[4], 'bytes', -tonumber(size))
  end
  redis.call('ZREM', KEYS[1], digest)
  redis.call('ZREM', KEYS[2], digest)
end
"""

# ARGV: prefix of the entries, digest, policy. The value, or nothing.
GET: Final = (
    _FORGET
    + """
local value = redis.call('GET', ARGV[1] .. ARGV[2])
if not value then
  forget(ARGV[2])
  return false
end
if ARGV[3] == 'lru' then
  redis.call('ZADD', KEYS[1], 'XX', redis.call('HINCRBY', KEYS[4], 'uses', 1), ARGV[2])
elseif ARGV[3] == 'lfu' then
  local score = redis.call('ZSCORE', KEYS[1], ARGV[2])
  if score then
    local count = math.floor(tonumber(score) / 4294967296) + 1
    local use = redis.call('HINCRBY', KEYS[4], 'uses', 1)
    redis.call('ZADD', KEYS[1], 'XX', string.format('%.0f', count * 4294967296 + use % 4294967296), ARGV[2])
  end
end
return value
"""
)

# ARGV: prefix, digest, policy, value, milliseconds to live, budget, overhead of an entry.
# Whether it was stored, and how many entries had to go for it.
PUT: Final = (
    _FORGET
    + """
local prefix, digest, policy, ttl, budget = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[5]), tonumber(ARGV[6])
local size = #ARGV[4] + tonumber(ARGV[7])
if size > budget then return {0, 0} end

local ordered = redis.call('HGET', KEYS[4], 'policy')
if ordered ~= policy then
  redis.call('HSET', KEYS[4], 'policy', policy)
  if ordered == 'lfu' or policy == 'lfu' then
    local all = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
    for i = 1, #all, 2 do
      local use = tonumber(all[i + 1]) % 4294967296
      redis.call('ZADD', KEYS[1], string.format('%.0f', policy == 'lfu' and use + 4294967296 or use), all[i])
    end
  end
end

forget(digest)
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 100)) do forget(gone) end

local evicted = 0
while tonumber(redis.call('HGET', KEYS[4], 'bytes') or 0) + size > budget do
  local first = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
  if not first then
    redis.call('DEL', KEYS[2], KEYS[3])
    redis.call('HSET', KEYS[4], 'bytes', 0)
    break
  end
  evicted = evicted + redis.call('DEL', prefix .. first)
  forget(first)
end

local use = redis.call('HINCRBY', KEYS[4], 'uses', 1)
redis.call('SET', prefix .. digest, ARGV[4], 'PX', ttl)
redis.call('ZADD', KEYS[1], string.format('%.0f', policy == 'lfu' and 4294967296 + use or use), digest)
redis.call('ZADD', KEYS[2], now + ttl, digest)
redis.call('HSET', KEYS[3], digest, size)
redis.call('HINCRBY', KEYS[4], 'bytes', size)
for i = 1, 4 do
  if redis.call('PTTL', KEYS[i]) < ttl then redis.call('PEXPIRE', KEYS[i], ttl + 60000) end
end
return {1, evicted}
"""
)

# ARGV: prefix, how many at most. How many entries went.
PURGE: Final = """
local digests = redis.call('ZRANGE', KEYS[1], 0, ARGV[2] - 1)
for _, digest in ipairs(digests) do
  redis.call('DEL', ARGV[1] .. digest)
  redis.call('ZREM', KEYS[1], digest)
end
if #digests == 0 then redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4]) end
return #digests
"""

# --- Idempotency: one key, a hash of fingerprint, token and, once it is there, the answer ------------------------
# ARGV: fingerprint, token, milliseconds of the lease.
CLAIM: Final = """
local known = redis.call('HMGET', KEYS[1], 'fingerprint', 'answer')
if not known[1] then
  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'token', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return {'claimed'}
end
if known[1] ~= ARGV[1] then return {'conflict'} end
if known[2] then return {'answered', known[2]} end
return {'running'}
"""

# ARGV: token, milliseconds.
RENEW: Final = """
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

# ARGV: token, fingerprint, answer, milliseconds. A lease that ran out is no reason to lose the answer, unless
# somebody else has the key by now.
FINISH: Final = """
local token = redis.call('HGET', KEYS[1], 'token')
if token and token ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[2], 'answer', ARGV[3])
redis.call('HDEL', KEYS[1], 'token')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
"""

# ARGV: token.
RELEASE: Final = """
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""
