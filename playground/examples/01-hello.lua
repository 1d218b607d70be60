-- What a script writes comes as it is written,
-- and then what it returns.
print("Hello from " .. script.id .. ", in " .. _VERSION)

local primes, isComposite = {}, {}
for n = 2, 50 do
  if not isComposite[n] then
    primes[#primes + 1] = n
    for multiple = n * n, 50, n do isComposite[multiple] = true end
  end
end
print(#primes .. " primes up to 50: " .. table.concat(primes, " "))

return primes, { largest = primes[#primes], isEven = false }
