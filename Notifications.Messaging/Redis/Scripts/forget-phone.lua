-- Removes a user's phone if it still has this registration.
-- KEYS 1 phones
-- ARGV 1 device  2 phone
-- Returns 1 if it was removed, else 0
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
return redis.call('HDEL', KEYS[1], ARGV[1])
