-- Moves the cursors of devices in their users' streams forward, never back. A device that was forgotten gets a cursor again, as a new device does.
-- KEYS of each acknowledgement: its stream's meta, cursors, seen
-- ARGV 1 stream lifetime (ms)  2 now (ms)  3 how long an unseen device is kept (ms)  4 how many devices are kept
--      and of each acknowledgement: device; epoch; offset
-- Returns a digit for each: 1 if the cursor moved, else 0 (another epoch, beyond the log's end, or not beyond the cursor)
local now, too_long, limit = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local slack = slack(too_long)

local function acknowledge(meta, cursors, seen, device, epoch, offset)
  if not is_given_out(meta, epoch, offset) then
    return 0
  end
  local cursor = redis.call('HGET', cursors, device)
  if cursor and tonumber(cursor) >= tonumber(offset) then
    return 0
  end
  if not cursor then
    make_room(cursors, seen, now, too_long, limit, tonumber(offset))
  end
  redis.call('HSET', cursors, device, offset)
  -- A device that acknowledges is present, however long ago it connected. This is not noted each time, because that is a write.
  local at = redis.call('HGET', seen, device)
  if not cursor or not at or tonumber(at) + slack < now then
    redis.call('HSET', seen, device, ARGV[2])
    redis.call('PEXPIRE', cursors, ARGV[1] + slack)
    redis.call('PEXPIRE', seen, ARGV[1])
  end
  return 1
end

local moved = {}
for i = 1, #KEYS / 3 do
  moved[i] = acknowledge(KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i], ARGV[3 * i + 2], ARGV[3 * i + 3], ARGV[3 * i + 4])
end
return table.concat(moved)
