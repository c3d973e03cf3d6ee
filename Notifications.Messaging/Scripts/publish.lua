-- Appends a notification to its stream and publishes it, once per id.
-- KEYS 1 meta  2 log  3 id  4 cursors
-- ARGV 1 epoch for a stream that has none  2 entry  3 log length  4 log lifetime (ms)  5 stream lifetime (ms)
--      6 id lifetime (ms)  7 channel
-- Returns {epoch, offset, 1 if the id was known else 0, how many hubs listened}
local known = redis.call('GET', KEYS[3])
if known then
  local space = string.find(known, ' ', 1, true)
  return {string.sub(known, space + 1), tonumber(string.sub(known, 1, space - 1)), 1, 0}
end

local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  -- A new life of the log: what is left of an earlier one belongs to offsets that mean nothing now.
  epoch = ARGV[1]
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[4])
  redis.call('HSET', KEYS[1], 'epoch', epoch)
end

local offset = redis.call('HINCRBY', KEYS[1], 'offset', 1)
local length = redis.call('RPUSH', KEYS[2], ARGV[2])
local keep = tonumber(ARGV[3])
-- Slack of a tenth: trimming at every append would double the cost of a full log.
if length > keep + keep / 10 then
  redis.call('LTRIM', KEYS[2], -keep, -1)
end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
-- %.0f: a number joined to a string would turn to scientific notation past 1e14.
local position = string.format('%.0f', offset) .. ' ' .. epoch
redis.call('SET', KEYS[3], position, 'PX', ARGV[6])
local listeners = redis.call('PUBLISH', ARGV[7], position .. ' ' .. ARGV[2])
return {epoch, offset, 0, listeners}
