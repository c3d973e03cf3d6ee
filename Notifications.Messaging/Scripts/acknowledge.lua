-- Moves a device's cursor in its user's stream forward; never back.
-- ARGV 3 device  4 epoch  5 offset
-- Returns 1 if the cursor moved, else 0 (another epoch, beyond the log's end, or not past the cursor)
local offset = tonumber(ARGV[5])
local epoch, last = head()
if epoch ~= ARGV[4] or offset > last then
  return 0
end
local cursor = redis.call('HGET', KEYS[3], ARGV[3])
if cursor and tonumber(cursor) >= offset then
  return 0
end
redis.call('HSET', KEYS[3], ARGV[3], ARGV[5])
redis.call('PEXPIRE', KEYS[3], ARGV[2])
return 1
