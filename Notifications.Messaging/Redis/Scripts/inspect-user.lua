-- Reads what Redis has of a user, for operators. Changes nothing.
-- KEYS 1 meta  2 log  3 cursors  4 seen  5 phones
-- ARGV 1 how many entries at most  2 the number of bytes after which no more entries are read
-- Returns {epoch (empty: no stream); last offset; entries in the log; remaining lifetime of the log (ms), {entry, …} newest first,
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
