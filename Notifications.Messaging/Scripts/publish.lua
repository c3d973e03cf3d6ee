-- Appends a notification to its stream and publishes it, once per id; with a push part, schedules its escalation.
-- KEYS 4 id  5 escalations, only with a push part
-- ARGV 3 entry  4 log length  5 log lifetime (ms)  6 id lifetime (ms)  7 channel  8 the command that publishes to it
--      9 grace (ms) and 10 id and stream, only with a push part
-- Returns {epoch, offset, 1 if the id was known else 0, how many hubs listened}
local known = redis.call('GET', KEYS[4])
if known then
  -- Changes nothing, and is a write all the same: a WAIT on this connection then covers what an earlier one wrote.
  redis.call('PEXPIRE', KEYS[4], math.max(redis.call('PTTL', KEYS[4]), 1))
  local space = string.find(known, ' ', 1, true)
  return {string.sub(known, space + 1), tonumber(string.sub(known, 1, space - 1)), 1, 0}
end

local epoch, last, previous = head()
local offset = last + 1
redis.call('HSET', KEYS[1], 'offset', text(offset), 'token', token_of(ARGV[3]))
local length = redis.call('RPUSH', KEYS[2], ARGV[3])
local keep = tonumber(ARGV[4])
-- Slack of a tenth: trimming at every append would double the cost of a full log.
if length > keep + keep / 10 then
  redis.call('LTRIM', KEYS[2], -keep, -1)
end
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local position = text(offset) .. ' ' .. epoch
redis.call('SET', KEYS[4], position, 'PX', ARGV[6])
local listeners = redis.call(ARGV[8], ARGV[7], position .. ' ' .. previous .. ' ' .. ARGV[3])
if KEYS[5] then
  -- With nobody listening the user is away, and nobody is there to acknowledge.
  local grace = listeners > 0 and tonumber(ARGV[9]) or 0
  redis.call('ZADD', KEYS[5], text(now() + grace), '0 ' .. text(offset) .. ' ' .. ARGV[10])
end
return {epoch, offset, 0, listeners}
