-- Reads what is needed to send a claimed escalation, or drops it if it is not needed any more.
-- KEYS 1 meta  2 log  3 cursors  4 escalations  5 phones
-- ARGV 1 escalation  2 its offset
-- Returns {'due', epoch, entry, {device, phone, …}}, or why it was dropped: {'acknowledged'}, {'gone'} (the log no longer has it), {'no phone'}
local function drop(why)
  redis.call('ZREM', KEYS[4], ARGV[1])
  return {why}
end

local offset = tonumber(ARGV[2])
for _, cursor in ipairs(redis.call('HVALS', KEYS[3])) do
  if tonumber(cursor) >= offset then
    return drop('acknowledged')
  end
end
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'offset')
local epoch = meta[1]
local index = epoch and offset - log_start(tonumber(meta[2])) - 1 or -1
local entry = index >= 0 and redis.call('LINDEX', KEYS[2], text(index))
if not entry then
  return drop('gone')
end
local phones = redis.call('HGETALL', KEYS[5])
if #phones == 0 then
  return drop('no phone')
end
return {'due', epoch, entry, phones}
