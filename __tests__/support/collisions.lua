-- Numbers whose hashes in V8 agree in the low 20 bits: the hash functions of V8, inverted.
local function unshift(x, n, mask) -- inverts x ~ (x >> n)
  local y = x
  for _ = 1, 64 // n + 1 do y = x ~ ((y & mask) >> n) end
  return y & mask
end

local function inverse(a, bits) -- of an odd number, modulo 2^bits
  local x = 1
  for _ = 1, 6 do x = x * (2 - a * x) end
  return bits == 64 and x or x & ((1 << bits) - 1)
end

local M = 0xffffffff
local I2057, I5, I32767 = inverse(2057, 32), inverse(5, 32), inverse(32767, 32)

function integer(i) -- the ith number from 0 to 2^32 - 1 whose hash ends in twenty zeros
  local h = (i << 20) & M
  h = unshift(h, 16, M)
  h = (h * I2057) & M
  h = unshift(h, 4, M)
  h = (h * I5) & M
  h = unshift(h, 12, M)
  h = ((h + 1) * I32767) & M
  return h >= 0x80000000 and h - 0x100000000 or h
end

local I65, I21, I262143 = inverse(65, 64), inverse(21, 64), inverse(262143, 64)

function long(i) -- 64 bits whose hash ends in twenty zeros
  local h = i << 20
  h = unshift(h, 22, -1)
  h = h * I65
  h = unshift(h, 11, -1)
  h = h * I21
  h = unshift(h, 31, -1)
  return (h + 1) * I262143
end

function float(i)
  return (string.unpack("n", string.pack("j", long(i))))
end
