-- Appends notifications to their streams and publishes each, once per id. Schedules the escalation of each notification with a push part.
-- AppendLane runs it for NotificationPublisher. stream.lua precedes it and has head, text, now, slack, and KEYS 1 to 3 and ARGV 1.
-- KEYS of each notification: its stream's meta, log, cursors; its id. Then of each notification with a push part: the escalations of its stream's partition
-- ARGV 2 stream lifetime (ms)  3 log length  4 log lifetime (ms)  5 id lifetime (ms)  6 the command that publishes
--      and of each notification: entry (LogEntry); channel; grace (ms), its id and its stream, or empty without a push part
-- Returns for each "0 offset epoch", or "1 offset epoch" if the id was known, separated by commas
local keep = tonumber(ARGV[3])
local later = slack(ARGV[4])
local count = (#ARGV - 6) / 3
local schedule = 4 * count

local function append(key, argument)
  local meta, log, id, entry = KEYS[key], KEYS[key + 1], KEYS[key + 3], ARGV[argument]
  local grace, target = string.match(ARGV[argument + 2], '^(%d+) (.+)')
  if grace then
    schedule = schedule + 1
  end
  local epoch, last, previous, refreshed = head(key)
  local offset = text(last + 1)
  local position = offset .. ' ' .. epoch
  if not redis.call('SET', id, position, 'PX', ARGV[5], 'NX') then
    -- Changes nothing, but is a write: a WAIT on this connection then covers the earlier write of this id.
    redis.call('PEXPIRE', id, math.max(redis.call('PTTL', id), 1))
    return '1 ' .. redis.call('GET', id)
  end

  local timestamp, token = string.match(entry, '^(%d+) (%x+)')
  local length = redis.pcall('RPUSH', log, entry)
  if type(length) ~= 'number' then
    -- The log's name has a value of another type. The id is released, and the second RPUSH reports the error.
    redis.call('DEL', id)
    length = redis.call('RPUSH', log, entry)
  end
  -- The publishers' clocks may differ. Each publisher may refresh the lifetimes, even if its clock is behind.
  if length == 1 or not refreshed or math.abs(timestamp - refreshed) > later then
    redis.call('HSET', meta, 'offset', offset, 'token', token, 'refreshed', timestamp)
    redis.call('PEXPIRE', log, ARGV[4] + later)
    redis.call('PEXPIRE', meta, ARGV[2] + later)
    redis.call('PEXPIRE', KEYS[key + 2], ARGV[2] + later)
  else
    redis.call('HSET', meta, 'offset', offset, 'token', token)
  end
  -- Up to a tenth more entries are kept: trimming at every append would double the cost of a full log.
  if length > keep + keep / 10 then
    redis.call('LTRIM', log, -keep, -1)
  end
  -- LocalStream of each hub that listens hears it (LiveMessage).
  local listeners = redis.call(ARGV[6], ARGV[argument + 1], position .. ' ' .. previous .. ' ' .. entry)
  if grace then
    -- Escalator takes it when it is due. If no hub listens, the user is away and can't acknowledge. Then it is due now.
    local due = text(now() + (listeners > 0 and tonumber(grace) or 0))
    redis.call('ZADD', KEYS[schedule], due, '0 ' .. offset .. ' ' .. target)
  end
  return '0 ' .. position
end

local results = {}
for i = 1, count do
  results[i] = append(4 * i - 3, 3 * i + 4)
end
return table.concat(results, ',')
