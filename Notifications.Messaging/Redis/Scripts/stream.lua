-- Functions that the scripts share; they precede each script. Scripts that may begin an epoch take
-- KEYS 1 meta  2 log  3 cursors
-- ARGV 1 name of a new epoch; empty: none begins  2 lifetime (ms) of the epoch of a stream without notifications

-- %.0f: Lua joins a number beyond 1e14 to a string in scientific notation.
local function text(offset)
  return string.format('%.0f', offset)
end

-- Unix milliseconds by Redis's own clock, because the clocks of the services may differ.
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- The lifetimes of a stream's keys are not set at each append, but once per 1/64 of the log's lifetime. So they are longer by that time.
local function slack(log_lifetime)
  return math.floor(log_lifetime / 64)
end

-- A write that a reader can do without. If Redis refuses it because its memory is full, the read goes on. A second call reports any other error.
local function write_unless_full(...)
  local result = redis.pcall(...)
  if type(result) == 'table' and result.err and not string.find(result.err, 'OOM ', 1, true) then
    redis.call(...)
  end
end

-- Sets all cursors below every offset, because they belong to an earlier epoch. The devices stay known.
local function void_cursors(cursors)
  for _, device in ipairs(redis.call('HKEYS', cursors)) do
    write_unless_full('HSET', cursors, device, '-1')
  end
end

-- Returns the stream's epoch, its last offset, the token of its last entry, and when its lifetimes were last set (false: never). A stream without an epoch gets
-- one here, so that a reader has a position from the start. The log and the cursors of an earlier epoch mean nothing now. If no epoch may begin, the returned
-- one is empty.
-- first: the index of the stream's first key, in a script with several streams.
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

-- The head for a reader, who may wait for the notifications that follow: the epoch lives on for some minutes at least. The lifetime is not set at each read,
-- because that is a write.
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

-- Makes room for a new device of a user: forgets the devices that were unseen for too long (ms). If there are more than limit, it also forgets devices that
-- were unseen for the longest time. The device with the highest cursor stays if the new device's (place) is behind it: what one device acknowledged is
-- acknowledged for the user. Returns the highest cursor of the devices that were not unseen for too long; -1: there is none.
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

-- Returns {epoch, last offset, offset asked for, offset before the first entry, entries, token of the last entry}.
-- given_out: a hub itself delivered the offset asked for, in this epoch. token: of the entry that it delivered there, or empty.
-- If the log ends before that offset or has another entry there, Redis went back in time and gives out the same offsets again. Then a new epoch begins, with
-- the entries that are there.
local function page(after, limit, given_out, token)
  local epoch, last, last_token = look()
  if epoch == '' then
    return {epoch, 0, 0, 0, {}, ''}
  end
  local start = log_start(last)
  local from = math.max(after, start)
  local went_back = given_out and after > last
  -- Nothing is known of a trimmed entry. If entries before it were lost, the client is told of a gap anyway.
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
