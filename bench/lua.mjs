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
  'C calls': 'local floor = math.floor local n = 0 for i = 1, 5e6 do n = n + floor(i / 3) end',
  'closures and garbage': 'local f for i = 1, 2e6 do local t = {i} f = function() return t end end',
}

export async function lua({ baselines }) {
  console.log('\nCPU-bound Lua, median ms (edited / unedited Lua 5.4.9)')
  for (const [name, code] of Object.entries(SCRIPTS)) {
    const taken = await rounds(
      { edited: () => baselines.benchEdited(code), stock: () => baselines.benchStock(code) },
      { count: 9, warmup: 1 },
    )
    const [ours, stock] = [median(taken.edited), median(taken.stock)].map((ms) => ms.toFixed(1).padStart(7))
    console.log(`  ${name.padEnd(22)} ${ours} / ${stock}   ratio ${ratio(taken, 'edited', 'stock').toFixed(3)}`)
  }
}
