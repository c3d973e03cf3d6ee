-- Moves the cursors of users' devices in topics forward, never back.
-- KEYS of each acknowledgement: the topic's meta; the cursor
-- ARGV 1 how long an unseen device is kept (ms)
--      and of each acknowledgement: epoch; offset
-- Returns a digit for each: 1 if the cursor moved, else 0 (another epoch, beyond the log's end, not beyond the cursor, or offset 0 without a cursor)
local function acknowledge(meta, key, epoch, offset)
  if not is_given_out(meta, epoch, offset) then
    return 0
  end
  local cursor = redis.call('GET', key)
  -- Offset 0 acknowledges nothing. It would let anybody create a cursor in a topic without notifications.
  if not cursor and tonumber(offset) == 0 then
    return 0
  end
  if cursor then
    local space = string.find(cursor, ' ', 1, true)
    if string.sub(cursor, space + 1) == epoch and tonumber(string.sub(cursor, 1, space - 1)) >= tonumber(offset) then
      return 0
    end
  end
  redis.call('SET', key, offset .. ' ' .. epoch, 'PX', ARGV[1])
  return 1
end

local moved = {}
for i = 1, #KEYS / 2 do
  moved[i] = acknowledge(KEYS[2 * i - 1], KEYS[2 * i], ARGV[2 * i], ARGV[2 * i + 1])
end
return table.concat(moved)
