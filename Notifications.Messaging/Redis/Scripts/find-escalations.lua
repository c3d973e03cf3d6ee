-- KEYS escalations of any partitions
-- Returns 1 if a key has escalations, due or not, or is not a sorted set: then the claim reports the error. Else 0
for _, escalations in ipairs(KEYS) do
  if redis.pcall('ZCARD', escalations) ~= 0 then
    return 1
  end
end
return 0
