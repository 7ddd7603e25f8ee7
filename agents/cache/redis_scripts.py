"""What has to happen in Redis as one step, in its Lua: each script with the command that calls it.

They are sent whole, 1 kB at most: Redis knows a script again by its text, and one that was restarted needs no help.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.cache import outcomes
from agents.cache.entries import Added, Entry, Learned, Member
from agents.cache.redis_form import ENTRY, NEWS, SCOPE, VOIDED, encode, outcomes_key

NEWS_KEPT = 10_000
"""How many announcements Redis keeps, roughly: a worker that lags by more starts its indexes anew."""
RULES_CHANGED = -1
"""What a put comes to when the entry was held against other rules than those in force."""

Command = tuple[str | bytes | int, ...]

# A dropped entry's key holds the instant at which it was dropped, in decimal digits, which no entry begins with.
# The news come last, for whoever hears of an entry may ask for it at once.
_PUT = """
local voided, entry, scope, news = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local rules, value, lives_ms, answered_at = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
if (redis.call('GET', voided) or '') ~= rules then return -1 end
local dropped_at = tonumber(redis.call('GETRANGE', entry, 0, 15))
if dropped_at and answered_at <= dropped_at then return 0 end
redis.call('SET', entry, value, 'PX', lives_ms)
if not scope then return 1 end
local fingerprint, expires_at, now, ttl_ms, capacity = ARGV[5], ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9])
local scope_name, prefix, kept, added = ARGV[10], ARGV[11], ARGV[12], ARGV[13]
redis.call('ZADD', scope, expires_at, fingerprint)
redis.call('ZREMRANGEBYSCORE', scope, '-inf', now)
redis.call('PEXPIRE', scope, ttl_ms)  -- no entry of the scope lives longer than a new one
local fields = {'added', added}
local over = capacity and math.min(redis.call('ZCARD', scope) - capacity, 1000) or 0
if over > 0 then
  local oldest, names = redis.call('ZPOPMIN', scope, over), {}
  for i = 1, #oldest, 2 do
    redis.call('UNLINK', prefix .. oldest[i])
    names[#names + 1] = oldest[i]
  end
  fields = {'added', added, 'scope', scope_name, 'dropped', table.concat(names, ' ')}
end
redis.call('XADD', news, 'MAXLEN', '~', kept, '*', unpack(fields))
return 1
"""

# What deletes must work in a Redis that is full, which refuses SET and XADD.
_DROP = """
local scope, news = KEYS[1], KEYS[2]
local dropped_at, scope_name, kept = ARGV[1], ARGV[2], ARGV[3]
local names = {}
for i = 4, #ARGV do
  local key, marked = KEYS[i - 1], false
  if dropped_at ~= '' then
    marked = redis.pcall('SET', key, dropped_at, 'XX', 'KEEPTTL')
  end
  if (marked and not marked.err) or redis.call('UNLINK', key) == 1 then names[#names + 1] = ARGV[i] end
  redis.call('ZREM', scope, ARGV[i])
end
if #names > 0 then
  redis.pcall('XADD', news, 'MAXLEN', '~', kept, '*', 'scope', scope_name, 'dropped', table.concat(names, ' '))
end
return #names
"""

_LEARN = """
local outcomes, news = KEYS[1], KEYS[2]
local at, outcome, last, ttl_ms, kept, learned = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if redis.call('ZADD', outcomes, at, outcome) == 0 then return 0 end
redis.call('ZREMRANGEBYRANK', outcomes, 0, -1 - last)
redis.call('PEXPIRE', outcomes, ttl_ms)
if redis.call('ZSCORE', outcomes, outcome) then
  redis.call('XADD', news, 'MAXLEN', '~', kept, '*', 'learned', learned)
end
return 1
"""


def put(entry: Entry, *, rules: bytes, now: int, expires_at: int, ttl_ms: int, capacity: int | None) -> Command:
    """Store ``entry``, unless it was dropped or the rules in force are not ``rules``; make room, and announce it."""
    lives_ms = min(expires_at - now, ttl_ms)
    own = rules, encode(entry), lives_ms, entry.answered_at
    if entry.embedding is None:
        return "EVAL", _PUT, 2, VOIDED, ENTRY + entry.fingerprint, *own
    added = Added(entry.scope, Member(entry.fingerprint, entry.embedding, expires_at))
    shared = (
        entry.fingerprint,
        expires_at,
        now,
        ttl_ms,
        "" if capacity is None else capacity,
        entry.scope,
        ENTRY,
        NEWS_KEPT,
        encode(added),
    )
    return "EVAL", _PUT, 4, VOIDED, ENTRY + entry.fingerprint, SCOPE + entry.scope, NEWS, *own, *shared


def drop(scope: str, fingerprints: Sequence[str], *, at: int | None) -> Command:
    """Delete entries of one scope and announce it; with ``at``, leave a mark for those that were answered before."""
    keys = [ENTRY + fingerprint for fingerprint in fingerprints]
    mark = "" if at is None else at
    return "EVAL", _DROP, 2 + len(keys), SCOPE + scope, NEWS, *keys, mark, scope, NEWS_KEPT, *fingerprints


def learn(news: Learned) -> Command:
    """Keep an outcome, unless it is known already, and announce it."""
    key = outcomes_key(news.tenant, news.task, served=news.outcome.served)
    at, outcome = news.outcome.at, encode(news.outcome)
    return "EVAL", _LEARN, 2, key, NEWS, at, outcome, outcomes.KEPT, outcomes.TTL_MS, NEWS_KEPT, encode(news)
