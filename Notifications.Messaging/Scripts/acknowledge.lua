-- Moves a device's cursor forward; never back.
-- KEYS 1 meta  2 cursors
-- ARGV 1 device  2 epoch  3 offset  4 stream lifetime (ms)
-- Returns 1 if the cursor moved, else 0 (another epoch, beyond the log's end, or not past the cursor)
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'offset')
local offset = tonumber(ARGV[3])
if meta[1] ~= ARGV[2] or offset > tonumber(meta[2]) then
  return 0
end
local cursor = redis.call('HGET', KEYS[2], ARGV[1])
if cursor and tonumber(cursor) >= offset then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
