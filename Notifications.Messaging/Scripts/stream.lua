-- What the scripts share; put in front of each of them. All of them take
-- KEYS 1 meta  2 log  3 cursors
-- ARGV 1 epoch for a new life of the log  2 stream lifetime (ms)

-- The stream's epoch. A stream that has none begins a life here, so that a reader's position is one from the start; what is
-- left of an earlier life belongs to offsets that mean nothing now.
local function current_epoch()
  local epoch = redis.call('HGET', KEYS[1], 'epoch')
  if not epoch then
    epoch = ARGV[1]
    redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
    redis.call('HSET', KEYS[1], 'epoch', epoch, 'offset', '0')
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
  end
  return epoch
end

-- %.0f: a number joined to a string would turn to scientific notation past 1e14.
local function text(offset)
  return string.format('%.0f', offset)
end

local function last_offset()
  return tonumber(redis.call('HGET', KEYS[1], 'offset'))
end

-- The offset before the oldest entry.
local function log_start(last)
  return last - redis.call('LLEN', KEYS[2])
end

-- {epoch, last offset, offset asked for, offset before the first entry, entries}. An offset that was really given out in this
-- epoch and lies beyond the end means that the store went back in time: it will give out the same offsets again, so a new
-- epoch begins with what is there.
local function page(epoch, after, limit, given_out)
  local last = last_offset()
  local from = math.max(after, log_start(last))
  if after > last then
    if not given_out then
      return {epoch, last, after, last, {}}
    end
    epoch = ARGV[1]
    redis.call('HSET', KEYS[1], 'epoch', epoch)
    redis.call('DEL', KEYS[3])
    from = log_start(last)
  end
  local index = from - log_start(last)
  return {epoch, last, after, from, redis.call('LRANGE', KEYS[2], index, index + limit - 1)}
end
