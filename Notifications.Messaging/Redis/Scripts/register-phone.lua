-- Registers a user's phone. One too many replaces the phone that was registered the longest time ago.
-- KEYS 1 phones
-- ARGV 1 device  2 phone  3 how many phones at most  4 lifetime (ms)
-- Returns {device, phone} of the replaced phone; empty: none was replaced
local replaced = {}
local before = redis.call('HGET', KEYS[1], ARGV[1])
if before then
  replaced = {ARGV[1], before}
elseif redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then
  local phones = redis.call('HGETALL', KEYS[1])
  local oldest_at = nil
  for i = 1, #phones, 2 do
    local at = tonumber(string.match(phones[i + 1], '^%d+'))
    if not oldest_at or at < oldest_at then
      oldest_at, replaced = at, {phones[i], phones[i + 1]}
    end
  end
  redis.call('HDEL', KEYS[1], replaced[1])
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return replaced
