-- What there is of a user, for somebody to look at. Changes nothing.
-- KEYS 1 meta  2 log  3 cursors  4 seen  5 phones
-- ARGV 1 how many entries at the most  2 after how many bytes no more of them
-- Returns {epoch, or empty without a stream; last offset; entries in the log; rest of its life (ms), {entry, …} newest first,
--          {device, cursor, …}, {device, last seen, …}, {device, phone, …}}
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'offset')
local entries, bytes = {}, 0
for index = 1, tonumber(ARGV[1]) do
  local entry = redis.call('LINDEX', KEYS[2], text(-index))
  if not entry or bytes >= tonumber(ARGV[2]) then
    break
  end
  entries[index] = entry
  bytes = bytes + #entry
end
return {
  meta[1] or '', tonumber(meta[2] or 0), redis.call('LLEN', KEYS[2]), redis.call('PTTL', KEYS[2]), entries,
  redis.call('HGETALL', KEYS[3]), redis.call('HGETALL', KEYS[4]), redis.call('HGETALL', KEYS[5])
}
