// What the edits to Lua cost: CPU-bound scripts against unedited Lua 5.4.9, both built the same way.
import { median, ratio, rounds } from './measure.mjs'

const SCRIPTS = {
  'fib(30)': 'local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end fib(30)',
  'empty loop': 'for i = 1, 2e7 do end',
  'while loop': 'local i = 0 while i < 1e7 do i = i + 1 end',
  'table work':
    'for r = 1, 20 do local t = {} for i = 1, 1e5 do t[i] = i * 2 end local s = 0 for i, v in ipairs(t) do s = s + v end end',
  'fields and methods':
    'local P = {} P.__index = P function P.add(self, n) self.x = self.x + n return self end local p = setmetatable({x = 0}, P) for i = 1, 3e6 do p:add(i) end',
  'string building':
    'for r = 1, 10 do local t = {} for i = 1, 5e4 do t[#t + 1] = i .. ":" .. (i * 3) end local s = table.concat(t, ",") end',
  sort: 'math.randomseed(42) local t = {} for i = 1, 2e5 do t[i] = math.random(1e6) end table.sort(t)',
  'rep of short strings': 'for i = 1, 20 do local a, b = ("x"):rep(1e6), ("hello"):rep(2e5, ", ") end',
  'long strings':
    'local s = ("The quick brown fox "):rep(5e4) for i = 1, 20 do local a, b, c = s:upper(), s:lower(), s:reverse() end',
  'C calls': 'local floor = math.floor local n = 0 for i = 1, 5e6 do n = n + floor(i / 3) end',
  'closures and garbage': 'local f for i = 1, 2e6 do local t = {i} f = function() return t end end',
}

const TEXT = 'local text = ("The quick brown fox, aged 42, jumps over 7 lazy dogs; "):rep(2000) '
const PATTERNS = {
  'find a class': `${TEXT} for i = 1, 200 do local p = 1 while true do local a, b = text:find("%d+", p) if not a then break end p = b + 1 end end`,
  'gmatch words': `${TEXT} for i = 1, 30 do for w in text:gmatch("%a+") do end end`,
  'gsub with a string': `${TEXT} for i = 1, 30 do text:gsub("(%w+) (%w+)", "%2 %1") end`,
  'match captures': 'for i = 1, 4e5 do local y, m, d = ("2024-10-03"):match("^(%d+)-(%d+)-(%d+)$") end',
  'lazy repetition': `${TEXT} for i = 1, 10 do for w in text:gmatch("a.-s") do end end`,
  'plain find': `${TEXT} for i = 1, 2000 do text:find("no such text", 1, true) end`,
}

async function compare(title, scripts, baselines) {
  console.log(`\n${title}, median ms (edited / unedited Lua 5.4.9)`)
  for (const [name, code] of Object.entries(scripts)) {
    const taken = await rounds(
      { edited: () => baselines.benchEdited(code), stock: () => baselines.benchStock(code) },
      { count: 9, warmup: 1 },
    )
    const [ours, stock] = [median(taken.edited), median(taken.stock)].map((ms) => ms.toFixed(1).padStart(7))
    console.log(`  ${name.padEnd(22)} ${ours} / ${stock}   ratio ${ratio(taken, 'edited', 'stock').toFixed(3)}`)
  }
}

export async function lua({ baselines }) {
  await compare('CPU-bound Lua', SCRIPTS, baselines)
  await compare('Pattern functions', PATTERNS, baselines)
}
