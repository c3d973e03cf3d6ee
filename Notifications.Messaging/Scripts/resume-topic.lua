-- Reads a topic's log after the cursor of one user's device, or nothing but the end if it has none. A topic may have any number of
-- devices, so each cursor is a key of its own that expires: KEYS 3.
-- ARGV 3 how many entries at the most  4 how long an unseen device is kept (ms)
-- Returns a page
local epoch = current_epoch()
local cursor = redis.call('GET', KEYS[3])
if not cursor then
  local last = last_offset()
  return {epoch, last, last, last, {}}
end
redis.call('PEXPIRE', KEYS[3], ARGV[4])
local space = string.find(cursor, ' ', 1, true)
if string.sub(cursor, space + 1) ~= epoch then
  local all = page(epoch, 0, tonumber(ARGV[3]), false)
  all[3] = -1
  return all
end
return page(epoch, tonumber(string.sub(cursor, 1, space - 1)), tonumber(ARGV[3]), true)
