-- What the scripts share; put in front of each of them. Those that may begin a stream's life take
-- KEYS 1 meta  2 log  3 cursors
-- ARGV 1 epoch for a new life of the log  2 stream lifetime (ms)

-- %.0f: a number joined to a string would turn to scientific notation past 1e14.
local function text(offset)
  return string.format('%.0f', offset)
end

-- Unix milliseconds by Redis's own clock: those of the services may differ.
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Lifetimes of a stream's keys are set anew when so much of the log's has passed, and not at each append: they last as much longer.
local function slack(log_lifetime)
  return math.floor(log_lifetime / 64)
end

-- A write that a reader can go without. A Redis whose memory is full refuses it, and the read goes on; any other error is told by
-- failing again.
local function write_unless_full(...)
  local result = redis.pcall(...)
  if type(result) == 'table' and result.err and not string.find(result.err, 'OOM ', 1, true) then
    redis.call(...)
  end
end

-- The devices stay known, as such that stood in another life of the log: below every offset.
local function void_cursors(cursors)
  for _, device in ipairs(redis.call('HKEYS', cursors)) do
    write_unless_full('HSET', cursors, device, '-1')
  end
end

-- The stream's epoch, its last offset, the token of its last entry, and when its lifetimes were last set (false: never). A stream
-- that has none begins a life here, so that a reader's position is one from the start; what is left of an earlier life belongs to
-- offsets that mean nothing now. first: the stream's first key, where a script has several streams.
local function head(first)
  first = first or 1
  local meta = redis.call('HMGET', KEYS[first], 'epoch', 'offset', 'token', 'refreshed')
  if meta[1] then
    return meta[1], tonumber(meta[2]), meta[3] or '', meta[4]
  end
  redis.call('DEL', KEYS[first], KEYS[first + 1])
  write_unless_full('HSET', KEYS[first], 'epoch', ARGV[1], 'offset', '0')
  redis.call('PEXPIRE', KEYS[first], ARGV[2])
  void_cursors(KEYS[first + 2])
  return ARGV[1], 0, '', false
end

-- Whether the stream gave this offset out in this epoch.
local function is_given_out(meta, epoch, offset)
  local now = redis.call('HMGET', meta, 'epoch', 'offset')
  return now[1] == epoch and tonumber(offset) <= tonumber(now[2])
end

-- The offset before the oldest entry.
local function log_start(last)
  return last - redis.call('LLEN', KEYS[2])
end

local function token_of(entry)
  return string.match(entry, '^%d+ (%x+)') or ''
end

-- {epoch, last offset, offset asked for, offset before the first entry, entries, token of the last entry}.
-- given_out: a hub itself delivered the offset asked for in this epoch; token: of the entry that it then was, or empty.
-- If the log does not reach that far or has another entry there, the store went back in time: it gives out the same offsets
-- again, so a new epoch begins with what is there.
local function page(after, limit, given_out, token)
  local epoch, last, last_token = head()
  local start = log_start(last)
  local from = math.max(after, start)
  local went_back = given_out and after > last
  -- Of an entry that is trimmed nothing is known, and before it whatever was lost is a hole that is told anyway.
  if given_out and token ~= '' and after <= last then
    if after == last then
      went_back = token ~= last_token
    elseif after > start then
      went_back = token ~= token_of(redis.call('LINDEX', KEYS[2], text(after - start - 1)))
    end
  end
  if went_back then
    epoch, from = ARGV[1], start
    redis.call('HSET', KEYS[1], 'epoch', epoch)
    void_cursors(KEYS[3])
  elseif after > last then
    return {epoch, last, after, last, {}, last_token}
  end
  local index = from - start
  return {epoch, last, after, from, redis.call('LRANGE', KEYS[2], index, index + limit - 1), last_token}
end

-- The page without entries.
local function end_page()
  local epoch, last, token = head()
  return {epoch, last, last, last, {}, token}
end
