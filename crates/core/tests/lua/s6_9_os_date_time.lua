-- §6.9 os.date with fixed UTC times, '!*t' fields, os.time normalisation by differences, os.difftime, os.clock types
local function e(f, ...) local r = table.pack(pcall(f, ...)); for i = 1, r.n do r[i] = type(r[i]) == 'string' and r[i]:gsub('^.-:%d+: ', '') or tostring(r[i]) end print(table.concat(r, ' ')) end
local times = {0, 1, 86399, 86400, 951782400, 951868800, 1000000000, 1234567890, 1709164800, 1735689599, 1735689600, 2147483647, 2147483648, 4102444800, -1, -86400, 253402300799}
for _, t in ipairs(times) do
  print(t, os.date('!%Y-%m-%d %H:%M:%S', t), os.date('!%j %U %W %V %G %g %u %w %y %C', t), os.date('!%a %A %b %B %h %p %I %e|%n|%t|%%|%D|%F|%R|%T|%r', t))
  local d = os.date('!*t', t)
  print(d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst)
end
print(os.date('!', 0) == '', os.date('!plain', 0), os.date('!%%', 0), os.date('!%Ey %Od %EY %Om %OH %Ex', 0), os.date('!%H:%M', 3600.0), os.date('!%H', '7200'), #os.date('!' .. ('%Y'):rep(50), 0), os.date('!a\0b%d', 0) == 'a\0b01')
e(os.date, '!%Q', 0) e(os.date, '!%E', 0) e(os.date, '!%Ez', 0) e(os.date, '!%O', 0) e(os.date, '!%', 0) e(os.date, '!%Y', 1.5) e(os.date, '!%Y', {}) e(os.date, '!%5', 0) e(os.date, '!%Y', 1 << 60) e(os.date, '!*t', math.maxinteger) e(os.date, {}) e(os.date, '!%i', 0) e(os.date, '!%L', 0) e(os.date, '!%EE', 0)
local fields = {}
for k, v in pairs(os.date('!*t', 1e9 // 1 | 0)) do fields[#fields + 1] = k .. '=' .. tostring(v) end
table.sort(fields); print(table.concat(fields, ' '))
print(os.date('!*t with more text is a format: %Y', 0))
-- differences are independent of the zone (no daylight saving change between these January days)
local function T(y, m, d, h, mi, s) return os.time {year = y, month = m, day = d, hour = h, min = mi, sec = s, isdst = false} end
print(T(2024, 1, 2) - T(2024, 1, 1), T(2024, 1, 1, 13) - T(2024, 1, 1, 12), T(2024, 1, 1, 12, 1) - T(2024, 1, 1, 12, 0), T(2024, 1, 1, 12, 0, 1) - T(2024, 1, 1, 12, 0, 0), T(2024, 3, 1) - T(2024, 2, 1), T(2023, 3, 1) - T(2023, 2, 1), T(2025, 1, 1) - T(2024, 1, 1), T(2024, 1, 1) - T(2024, 1, 1, 12), math.type(T(2000, 1, 1)))
print(T(2024, 13, 1) == T(2025, 1, 1), T(2024, 1, 32) == T(2024, 2, 1), T(2024, 0, 1) == T(2023, 12, 1), T(2024, 3, 0) == T(2024, 2, 29), T(2024, 1, 1, 36) == T(2024, 1, 2, 12), T(2024, 1, 1, 0, 90) == T(2024, 1, 1, 1, 30), T(2024, 1, 1, 0, 0, 3600) == T(2024, 1, 1, 1), T(2024, 1, 1, -1) == T(2023, 12, 31, 23), T(2024, -11, 1) == T(2023, 1, 1))
for _, a in ipairs {{2024, 14, 35, 30, 70, 80}, {2024, 1, 0, 12, 0, 0}, {2023, 12, 31, 23, 59, 60}, {2000, 1, 366, 12, 0, 0}, {2001, 1, 366, 12, 0, 0}} do
  local t = {year = a[1], month = a[2], day = a[3], hour = a[4], min = a[5], sec = a[6], isdst = false}
  os.time(t)
  print(t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday)
end
print(os.time {year = 2024, month = 1, day = 1, isdst = false} == T(2024, 1, 1, 12), os.time {year = '2024', month = '1', day = 1.0, isdst = false} == T(2024, 1, 1, 12))
e(os.time, {}) e(os.time, {year = 2024}) e(os.time, {year = 2024, month = 1}) e(os.time, {year = 2024, month = 1, day = 'x'}) e(os.time, {year = 2024, month = 1, day = 1.5}) e(os.time, {year = 2024, month = 1, day = 1, hour = 'noon'}) e(os.time, {year = 1 << 33, month = 1, day = 1}) e(os.time, {year = 2024, month = 1 << 40, day = 1}) e(os.time, 5) e(os.time, 'x') e(os.time, {year = 2024, month = {}, day = 1}) e(os.time, {year = true, month = 1, day = 1})
print(os.difftime(10, 4), os.difftime(4, 10), os.difftime(5, 5), pcall(os.difftime, 7), math.type(os.time()), math.type(os.clock()), type(os.date()), os.clock() >= 0, os.time() > 1600000000)
print((pcall(os.time, setmetatable({}, {__index = {year = 2024, month = 1, day = 1, hour = 12, isdst = false}}))), T(2024, 1, 1) - T(2024, 1, 1))
-- a civil calendar in Lua agrees with os.date for many days
local function civil(days)
  local z = days + 719468; local era = z // 146097; local doe = z - era * 146097
  local yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
  local doy = doe - (365 * yoe + yoe // 4 - yoe // 100); local mp = (5 * doy + 2) // 153
  local m = mp < 10 and mp + 3 or mp - 9
  return yoe + era * 400 + (m <= 2 and 1 or 0), m, doy - (153 * mp + 2) // 5 + 1
end
local bad, wd = 0, 0
for d = -3000, 40000, 41 do
  local y, m, dd = civil(d)
  if os.date('!%Y-%m-%d', d * 86400) ~= ('%04d-%02d-%02d'):format(y, m, dd) then bad = bad + 1 end
  local t = os.date('!*t', d * 86400 + 3661)
  if t.hour ~= 1 or t.min ~= 1 or t.sec ~= 1 or t.wday ~= (d + 4) % 7 + 1 then bad = bad + 1 end
  wd = wd + t.wday * t.yday
end
print(bad, wd)
