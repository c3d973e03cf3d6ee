-- Reads a stream's log after an offset.
-- ARGV 3 offset, or -1: only the end  4 how many entries at most  5 epoch in which a hub delivered that offset, or empty
--      6 token of the entry that the hub delivered there, or empty
-- Returns a page
local after = tonumber(ARGV[3])
if after == -1 then
  return end_page()
end
return page(after, tonumber(ARGV[4]), ARGV[5] == head(), ARGV[6])
