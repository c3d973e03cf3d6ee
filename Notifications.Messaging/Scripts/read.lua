-- Reads a stream's log after an offset.
-- ARGV 3 offset, or -1: nothing but the end  4 how many entries at the most  5 epoch in which a hub gave that offset out, or empty
-- Returns a page
local epoch = current_epoch()
local after = tonumber(ARGV[3])
if after == -1 then
  local last = last_offset()
  return {epoch, last, last, last, {}}
end
return page(epoch, after, tonumber(ARGV[4]), ARGV[5] == epoch)
