-- Reads a user's log after the cursor of one of his devices. A device never seen gets a cursor: where the furthest of his devices
-- stands, or for the very first one where the log begins.
-- KEYS 4 seen
-- ARGV 3 device  4 how many entries at the most  5 now (ms)  6 how long an unseen device is kept (ms)  7 how many devices are kept
-- Returns a page
local _, last = head()
local cursor = tonumber(redis.call('HGET', KEYS[3], ARGV[3]) or nil)
if not cursor then
  local seen = redis.call('HGETALL', KEYS[4])
  local kept, oldest, oldest_at = 0, nil, nil
  for i = 1, #seen, 2 do
    local at = tonumber(seen[i + 1])
    if at + tonumber(ARGV[6]) < tonumber(ARGV[5]) then
      redis.call('HDEL', KEYS[3], seen[i])
      redis.call('HDEL', KEYS[4], seen[i])
    else
      kept = kept + 1
      if not oldest_at or at < oldest_at then
        oldest, oldest_at = seen[i], at
      end
    end
  end
  cursor = log_start(last)
  for _, other in ipairs(redis.call('HVALS', KEYS[3])) do
    cursor = math.max(cursor, tonumber(other))
  end
  if kept >= tonumber(ARGV[7]) then
    redis.call('HDEL', KEYS[3], oldest)
    redis.call('HDEL', KEYS[4], oldest)
  end
  write_unless_full('HSET', KEYS[3], ARGV[3], text(cursor))
end
write_unless_full('HSET', KEYS[4], ARGV[3], ARGV[5])
redis.call('PEXPIRE', KEYS[3], ARGV[2] + slack(ARGV[6]))
redis.call('PEXPIRE', KEYS[4], ARGV[2])
return page(cursor, tonumber(ARGV[4]), true, '')
