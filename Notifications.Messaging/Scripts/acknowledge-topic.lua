-- Moves the cursor that one user's device has in a topic forward; never back.
-- KEYS 4 cursor
-- ARGV 3 epoch  4 offset  5 how long an unseen device is kept (ms)
-- Returns 1 if the cursor moved, else 0 (another epoch, beyond the log's end, or not past the cursor)
local offset = tonumber(ARGV[4])
local epoch, last = head()
if epoch ~= ARGV[3] or offset > last then
  return 0
end
local cursor = redis.call('GET', KEYS[4])
if cursor then
  local space = string.find(cursor, ' ', 1, true)
  if string.sub(cursor, space + 1) == epoch and tonumber(string.sub(cursor, 1, space - 1)) >= offset then
    return 0
  end
end
redis.call('SET', KEYS[4], ARGV[4] .. ' ' .. epoch, 'PX', ARGV[5])
return 1
