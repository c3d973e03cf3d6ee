-- Claims due escalations under a lease. An escalation that is not settled when the lease ends is due again.
-- KEYS 1 escalations
-- ARGV 1 lease (ms)  2 how many at most
-- Returns {now, end of the lease, {escalation, when it was due, …}}
local at = now()
local lease = text(at + tonumber(ARGV[1]))
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', text(at), 'WITHSCORES', 'LIMIT', '0', ARGV[2])
for i = 1, #due, 2 do
  redis.call('ZADD', KEYS[1], lease, due[i])
end
return {text(at), lease, due}
