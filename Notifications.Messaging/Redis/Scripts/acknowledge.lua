-- Moves devices' cursors in their users' streams forward; never back.
-- KEYS of each acknowledgement: its stream's meta, cursors
-- ARGV 1 stream lifetime (ms)
--      and of each acknowledgement: device; epoch; offset
-- Returns a digit for each: 1 if the cursor moved, else 0 (another epoch, beyond the log's end, or not past the cursor)
local function acknowledge(meta, cursors, device, epoch, offset)
  if not is_given_out(meta, epoch, offset) then
    return 0
  end
  local cursor = redis.call('HGET', cursors, device)
  if cursor and tonumber(cursor) >= tonumber(offset) then
    return 0
  end
  -- What has a lifetime already gets it anew where a device comes back and where the log's is set anew.
  if redis.call('HSET', cursors, device, offset) == 1 then
    redis.call('PEXPIRE', cursors, ARGV[1])
  end
  return 1
end

local moved = {}
for i = 1, #KEYS / 2 do
  moved[i] = acknowledge(KEYS[2 * i - 1], KEYS[2 * i], ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1])
end
return table.concat(moved)
