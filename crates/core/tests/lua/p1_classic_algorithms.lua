-- §3/§6 programs: n-queens, sieve, mandelbrot, big factorial, LCS, levenshtein, matrices, quick sort, heap, knapsack, hanoi, life
local function queens(n)
  local cols, d1, d2, pos, count, first = {}, {}, {}, {}, 0, nil
  local function place(r)
    if r > n then count = count + 1; first = first or table.concat(pos, ' '); return end
    for c = 1, n do
      if not cols[c] and not d1[r + c] and not d2[r - c + n] then
        cols[c], d1[r + c], d2[r - c + n], pos[r] = true, true, true, c
        place(r + 1)
        cols[c], d1[r + c], d2[r - c + n] = nil, nil, nil
      end
    end
  end
  place(1)
  return count, first
end
for n = 1, 7 do print('queens', n, queens(n)) end
local function sieve(n) local p, out = {}, {}; for i = 2, n do p[i] = true end for i = 2, n do if p[i] then out[#out + 1] = i; for j = i * i, n, i do p[j] = false end end end return out end
local pr = sieve(10000); print('primes', #pr, pr[#pr], pr[500])
for y = -8, 8 do
  local row = {}
  for x = -30, 14 do
    local cr, ci, zr, zi, k = x * 52, y * 140, 0, 0, 0 -- fixed point, 1000 = 1.0
    while k < 30 and zr * zr + zi * zi < 4000000 do zr, zi, k = (zr * zr - zi * zi) // 1000 + cr, 2 * zr * zi // 1000 + ci, k + 1 end
    row[#row + 1] = (' .:-=+*#%@'):sub(k // 3 + 1 > 10 and 10 or k // 3 + 1, k // 3 + 1 > 10 and 10 or k // 3 + 1)
  end
  print(table.concat(row))
end
-- big numbers, base 10^7, little endian
local B = 10000000
local function bmul(a, k) local c, r = 0, {}; for i = 1, #a do local v = a[i] * k + c; r[i], c = v % B, v // B end while c > 0 do r[#r + 1], c = c % B, c // B end return r end
local function badd(a, b) local c, r = 0, {}; for i = 1, math.max(#a, #b) do local v = (a[i] or 0) + (b[i] or 0) + c; r[i], c = v % B, v // B end if c > 0 then r[#r + 1] = c end return r end
local function bstr(a) local t = {tostring(a[#a])}; for i = #a - 1, 1, -1 do t[#t + 1] = ('%07d'):format(a[i]) end return table.concat(t) end
local f = {1}; for i = 1, 120 do f = bmul(f, i) end print('120!', bstr(f))
local x, y = {0}, {1}; for _ = 1, 400 do x, y = y, badd(x, y) end print('fib400', bstr(x))
local p2 = {1}; for _ = 1, 500 do p2 = bmul(p2, 2) end local ds = 0; for d in bstr(p2):gmatch '%d' do ds = ds + d end print('2^500', bstr(p2), ds)
local function lcs(a, b)
  local m = {}; for i = 0, #a do m[i] = {}; for j = 0, #b do m[i][j] = (i == 0 or j == 0) and 0 or a:byte(i) == b:byte(j) and m[i - 1][j - 1] + 1 or math.max(m[i - 1][j], m[i][j - 1]) end end
  local i, j, out = #a, #b, {}
  while i > 0 and j > 0 do if a:byte(i) == b:byte(j) then table.insert(out, 1, a:sub(i, i)); i, j = i - 1, j - 1 elseif m[i - 1][j] >= m[i][j - 1] then i = i - 1 else j = j - 1 end end
  return table.concat(out)
end
print(lcs('AGGTAB', 'GXTXAYB'), lcs('the quick brown fox', 'a quack brown ox'), lcs('', 'x') == '')
local function lev(a, b) local prev = {}; for j = 0, #b do prev[j] = j end for i = 1, #a do local cur = {[0] = i}; for j = 1, #b do cur[j] = math.min(prev[j] + 1, cur[j - 1] + 1, prev[j - 1] + (a:byte(i) == b:byte(j) and 0 or 1)) end prev = cur end return prev[#b] end
print(lev('kitten', 'sitting'), lev('', 'abc'), lev('flaw', 'lawn'), lev(('ab'):rep(30), ('ba'):rep(31)))
local function mat(n, fn) local m = {}; for i = 1, n do m[i] = {}; for j = 1, n do m[i][j] = fn(i, j) end end return m end
local function mul(a, b) local n = #a; return mat(n, function(i, j) local s = 0; for k = 1, n do s = s + a[i][k] * b[k][j] end return s end) end
local m = mul(mat(24, function(i, j) return i + j end), mat(24, function(i, j) return i - j end)); print('matrix', m[1][1], m[12][7], m[24][24])
local r = mat(3, function(i, j) return i == j and 2.0 or 0.5 end); for _ = 1, 5 do r = mul(r, r) end print(('%.6e'):format(r[1][2]))
local function det(a) local n, d = #a, 1.0; for c = 1, n do local p = c; for i = c + 1, n do if math.abs(a[i][c]) > math.abs(a[p][c]) then p = i end end if a[p][c] == 0 then return 0.0 end if p ~= c then a[p], a[c], d = a[c], a[p], -d end d = d * a[c][c]; for i = c + 1, n do local q = a[i][c] / a[c][c]; for j = c, n do a[i][j] = a[i][j] - q * a[c][j] end end end return d end
print(('%.4f %.4f'):format(det(mat(4, function(i, j) return (i * j) % 5 + 1 end)), det(mat(3, function(i, j) return i == j and 3 or 1 end))))
local function qsort(t, lo, hi) lo, hi = lo or 1, hi or #t; if lo < hi then local p, i = t[(lo + hi) // 2], lo; local j = hi; while i <= j do while t[i] < p do i = i + 1 end while t[j] > p do j = j - 1 end if i <= j then t[i], t[j] = t[j], t[i]; i, j = i + 1, j - 1 end end qsort(t, lo, j); qsort(t, i, hi) end return t end
math.randomseed(42, 7)
local arr = {}; for i = 1, 1200 do arr[i] = math.random(1, 10000) end
local copy = table.move(arr, 1, #arr, 1, {}); qsort(arr); table.sort(copy); local same = true; for i = 1, #arr do same = same and arr[i] == copy[i] end print('qsort', same, arr[1], arr[600], arr[1200])
local heap = {}
local function push(v) local i = #heap + 1; heap[i] = v; while i > 1 and heap[i // 2] > heap[i] do heap[i], heap[i // 2] = heap[i // 2], heap[i]; i = i // 2 end end
local function pop() local top = heap[1]; heap[1] = heap[#heap]; heap[#heap] = nil; local i = 1; while true do local c = 2 * i; if c > #heap then break end if c < #heap and heap[c + 1] < heap[c] then c = c + 1 end if heap[i] <= heap[c] then break end heap[i], heap[c] = heap[c], heap[i]; i = c end return top end
for i = 1, 200 do push((i * 7919) % 211) end local hs = {}; for i = 1, 12 do hs[i] = pop() end print('heap', table.concat(hs, ' '), #heap)
local moves = 0; local function hanoi(n, a, b, c) if n == 0 then return end hanoi(n - 1, a, c, b); moves = moves + 1; hanoi(n - 1, c, b, a) end hanoi(11, 'A', 'B', 'C') print('hanoi', moves)
local function knap(cap, items) local best = {}; for c = 0, cap do best[c] = 0 end for _, it in ipairs(items) do for c = cap, it[1], -1 do local v = best[c - it[1]] + it[2]; if v > best[c] then best[c] = v end end end return best[cap] end
print('knapsack', knap(50, {{10, 60}, {20, 100}, {30, 120}}), knap(104, {{25, 350}, {35, 400}, {45, 450}, {5, 20}, {25, 70}, {3, 8}, {2, 5}, {2, 5}}))
local g = {}; for i = 1, 12 do g[i] = {}; for j = 1, 24 do g[i][j] = (i * 7 + j * 13) % 5 == 0 end end
for gen = 1, 12 do local nx = {}; for i = 1, 12 do nx[i] = {}; for j = 1, 24 do local c = 0; for di = -1, 1 do for dj = -1, 1 do if (di ~= 0 or dj ~= 0) and g[(i + di - 1) % 12 + 1][(j + dj - 1) % 24 + 1] then c = c + 1 end end end nx[i][j] = c == 3 or (c == 2 and g[i][j]) end end g = nx end
for i = 1, 12 do local s = {}; for j = 1, 24 do s[j] = g[i][j] and '#' or '.' end print(table.concat(s)) end
local dist = {}; local graph = {A = {B = 7, C = 9, F = 14}, B = {A = 7, C = 10, D = 15}, C = {A = 9, B = 10, D = 11, F = 2}, D = {B = 15, C = 11, E = 6}, E = {D = 6, F = 9}, F = {A = 14, C = 2, E = 9}}
do local seen = {}; dist.A = 0; while true do local u; for _, k in ipairs {'A', 'B', 'C', 'D', 'E', 'F'} do if dist[k] and not seen[k] and (not u or dist[k] < dist[u]) then u = k end end if not u then break end seen[u] = true; for v, w in pairs(graph[u]) do if not dist[v] or dist[u] + w < dist[v] then dist[v] = dist[u] + w end end end end
for _, k in ipairs {'A', 'B', 'C', 'D', 'E', 'F'} do io.write(k, '=', dist[k], ' ') end print()
local function ack(a, b) if a == 0 then return b + 1 elseif b == 0 then return ack(a - 1, 1) end return ack(a - 1, ack(a, b - 1)) end print('ack', ack(2, 9), ack(1, 50))
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end print('fib', fib(19))
