-- Ends a claim: the escalation is done, or later ones replace it.
-- KEYS 1 escalations
-- ARGV 1 escalation  2 end of the lease, then of each later escalation: in how long it is due (ms), escalation
-- Returns 1, or 0 if the lease had ended and another instance claimed the escalation: then nothing changed
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then
  return 0
end
redis.call('ZREM', KEYS[1], ARGV[1])
local at = now()
for i = 3, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], text(at + tonumber(ARGV[i])), ARGV[i + 1])
end
return 1
