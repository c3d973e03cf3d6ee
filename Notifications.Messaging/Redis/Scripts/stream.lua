-- What the scripts share; put in front of each of them. Those that may begin a stream's life take
-- KEYS 1 meta  2 log  3 cursors
-- ARGV 1 epoch for a new life of the log; empty: none begins  2 how long (ms) a life lasts in which nothing is published

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
-- offsets that mean nothing now. Where none may begin the epoch is empty. first: the stream's first key, where a script has several streams.
local function head(first)
  first = first or 1
  local meta = redis.call('HMGET', KEYS[first], 'epoch', 'offset', 'token', 'refreshed')
  if meta[1] then
    return meta[1], tonumber(meta[2]), meta[3] or '', meta[4]
  end
  if ARGV[1] == '' then
    return '', 0, '', false
  end
  redis.call('DEL', KEYS[first], KEYS[first + 1])
  write_unless_full('HSET', KEYS[first], 'epoch', ARGV[1], 'offset', '0')
  redis.call('PEXPIRE', KEYS[first], ARGV[2])
  void_cursors(KEYS[first + 2])
  return ARGV[1], 0, '', false
end

-- The head as a reader sees it, who may be waiting for what follows: the epoch lives on for some minutes at least. Not set anew at each look, as that
-- is a write.
local function look(first)
  local key = KEYS[first or 1]
  local epoch, last, token = head(first)
  local life = tonumber(ARGV[2])
  if epoch ~= '' and redis.call('PTTL', key) < life * 2 / 3 then
    redis.call('PEXPIRE', key, ARGV[2])
  end
  return epoch, last, token
end

-- A hash as a table.
local function table_of(hash)
  local fields, all = {}, redis.call('HGETALL', hash)
  for i = 1, #all, 2 do
    fields[all[i]] = tonumber(all[i + 1])
  end
  return fields
end

-- Makes room for one more of a user's devices: forgets those that stayed away too long (ms), and of the others as many as there are too many (limit),
-- the longest unseen ones first. The device with the furthest cursor stays if the new one's (place) is behind it: what one device acknowledged is
-- acknowledged for the user. Returns the furthest cursor of those that did not stay away too long, -1 without any.
local function make_room(cursors, seen, now, too_long, limit, place)
  local places, times, devices, furthest = table_of(cursors), table_of(seen), {}, -1
  for device, at in pairs(times) do
    if at + too_long < now then
      redis.call('HDEL', cursors, device)
      redis.call('HDEL', seen, device)
      places[device] = nil
    end
  end
  for device, at in pairs(places) do
    devices[#devices + 1] = device
    furthest = math.max(furthest, at)
  end
  local function unseen_since(device)
    return places[device] == furthest and furthest > place and math.huge or times[device] or 0
  end
  table.sort(devices, function(one, other) return unseen_since(one) < unseen_since(other) end)
  for i = 1, #devices - limit + 1 do
    redis.call('HDEL', cursors, devices[i])
    redis.call('HDEL', seen, devices[i])
  end
  return furthest
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
  local epoch, last, last_token = look()
  if epoch == '' then
    return {epoch, 0, 0, 0, {}, ''}
  end
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
  local epoch, last, token = look()
  return {epoch, last, last, last, {}, token}
end
