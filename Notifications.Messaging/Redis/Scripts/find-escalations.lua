-- KEYS escalations of any partitions
-- Returns 1 if one of them has any, due or not, or is something else: whoever claims there is told
for _, escalations in ipairs(KEYS) do
  if redis.pcall('ZCARD', escalations) ~= 0 then
    return 1
  end
end
return 0
