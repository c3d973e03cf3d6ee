-- Reads a stream's log after an offset, or after a device's cursor.
-- KEYS 1 meta  2 log  3 cursors
-- ARGV 1 epoch for a stream that has none  2 stream lifetime (ms)  3 offset to read after, or -1: nothing but the end,
--      or -2: the device's cursor  4 how many entries at the most  5 device
-- Returns {epoch, last offset, offset asked for, offset before the first entry returned, entries}
-- A stream never seen gets its epoch here, so that a reader's position is one from the start.
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  epoch = ARGV[1]
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'offset', '0')
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
local last = tonumber(redis.call('HGET', KEYS[1], 'offset'))
local before = last - redis.call('LLEN', KEYS[2])

local after = tonumber(ARGV[3])
if after == -1 then
  return {epoch, last, last, last, {}}
end
if after == -2 then
  after = redis.call('HGET', KEYS[3], ARGV[5])
  if after then
    after = tonumber(after)
  else
    -- A device never seen starts after the highest cursor of the user's devices; the very first one where the log begins.
    after = before
    for _, cursor in ipairs(redis.call('HVALS', KEYS[3])) do
      after = math.max(after, tonumber(cursor))
    end
    redis.call('HSET', KEYS[3], ARGV[5], string.format('%.0f', after))
    redis.call('PEXPIRE', KEYS[3], ARGV[2])
  end
end

if after > last then
  return {epoch, last, after, last, {}}
end
local from = math.max(after, before)
local index = from - before
return {epoch, last, after, from, redis.call('LRANGE', KEYS[2], index, index + tonumber(ARGV[4]) - 1)}
