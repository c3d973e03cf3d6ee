-- Reads a topic's log after the cursor of a user's device, or only the end if it has no cursor. A topic may have any number of devices, so each cursor is a key
-- of its own that expires.
-- KEYS 4 cursor
-- ARGV 3 how many entries at most  4 how long an unseen device is kept (ms)
-- Returns a page
local cursor = redis.call('GET', KEYS[4])
if not cursor then
  return end_page()
end
redis.call('PEXPIRE', KEYS[4], ARGV[4])
local space = string.find(cursor, ' ', 1, true)
local same = string.sub(cursor, space + 1) == head()
return page(same and tonumber(string.sub(cursor, 1, space - 1)) or -1, tonumber(ARGV[3]), same, '')
