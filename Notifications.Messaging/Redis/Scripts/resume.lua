-- Reads a user's log after the cursor of one of their devices. A new device gets a cursor: the highest cursor of the user's devices. The first device starts
-- where the log begins.
-- KEYS 4 seen
-- ARGV 3 device  4 how many entries at most  5 now (ms)  6 how long an unseen device is kept (ms)  7 how many devices are kept  8 stream lifetime (ms)
-- Returns a page
local _, last = head()
local cursor = tonumber(redis.call('HGET', KEYS[3], ARGV[3]) or nil)
if not cursor then
  local furthest = make_room(KEYS[3], KEYS[4], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), math.huge)
  cursor = math.max(log_start(last), furthest)
  write_unless_full('HSET', KEYS[3], ARGV[3], text(cursor))
end
write_unless_full('HSET', KEYS[4], ARGV[3], ARGV[5])
-- A cursor means nothing without its epoch, so both live equally long.
redis.call('PEXPIRE', KEYS[1], ARGV[8] + slack(ARGV[6]))
redis.call('PEXPIRE', KEYS[3], ARGV[8] + slack(ARGV[6]))
redis.call('PEXPIRE', KEYS[4], ARGV[8])
return page(cursor, tonumber(ARGV[4]), true, '')
