-- A script computes, and waits, and computes again.
-- While it waits, it holds no thread.
local function primesUpTo(limit)
  local primes, isComposite = {}, {}
  for n = 2, limit do
    if not isComposite[n] then
      primes[#primes + 1] = n
      for i = n * n, limit, n do isComposite[i] = true end
    end
  end
  return primes
end

local counts = {}
for round = 1, 6 do
  local limit = round * 50000
  counts[round] = #primesUpTo(limit)
  print(counts[round] .. " primes up to " .. limit)
  sleep(0.12)
end

log.info("all rounds are done", { rounds = #counts })
return { counts = counts, by = script.id }
