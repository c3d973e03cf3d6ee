-- Removes the owner of a token if it still has this registration.
-- KEYS 1 token
-- ARGV 1 user, device and registration
-- Returns 1 if it was removed, else 0
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
