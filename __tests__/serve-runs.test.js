// The playground without its page: what is told of runs, how they are stopped and bounded, State, and what is wrong with code.
'use strict'

const { readFileSync, readdirSync } = require('node:fs')
const path = require('node:path')
const { MAX_ENTRIES, MAX_OUTPUT, OF_A_PAGE } = require('../lib/cli/serve/runs')
const { ENTRIES } = require('../lib/cli/serve/state')
const { NODES, TEXT } = require('../lib/cli/serve/shown')
const { ROOT } = require('./support/child')
const { HOLDING } = require('./support/constants')
const { folderWith } = require('./support/files')
const { playground } = require('./support/playground')

const ENDLESS = 'print("begun") while true do end'
/** A script that says when it is under way. */
const isBegun = ({ text }) => text.startsWith('begun')

/** Resolves when it is so. */
async function becomes(isSo) {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('what a run writes and logs comes in order while it runs, and then its values and what it took', async () => {
  const { eventsOf } = await playground()
  const code = 'print("one") sleep(0.05) log.warn("careful", { n = 1 }) io.write("two") return 42, { "x", y = false }'
  const events = await eventsOf(code)
  expect(events[0]).toEqual({ type: 'begun', run: 1, name: 'run-1.lua' })
  const told = events.filter(({ type }) => type !== 'trace').slice(1, -1)
  expect(told).toEqual([
    { type: 'output', text: 'one\n' },
    { type: 'log', level: 'warn', line: 1, message: 'careful', fields: '{"n":1}' },
    { type: 'output', text: 'two' },
  ])
  expect(events.at(-1)).toEqual({
    type: 'end',
    end: 'completed',
    stats: expect.objectContaining({ slices: expect.any(Number), peakMemory: expect.any(Number) }),
    returned: {
      values: [
        { type: 'number', text: '42' },
        {
          type: 'table',
          size: 2,
          isList: false,
          entries: [
            ['[1]', { type: 'string', text: 'x', isText: true }],
            ['y', { type: 'boolean', text: 'false' }],
          ],
          more: 0,
        },
      ],
      more: 0,
    },
    timers: 0,
  })
})

test('it is told when the run computes and when it waits, and how much memory it holds', async () => {
  const { eventsOf } = await playground()
  const events = await eventsOf('local s = ("x"):rep(1e6) sleep(0.1) for i = 1, 1e7 do end sleep(0.1) return #s')
  const traces = events.filter(({ type }) => type === 'trace')
  const changes = traces.flatMap((trace) => trace.changes)
  const times = changes.map(([at]) => at)
  expect(times).toEqual([...times].sort((a, b) => a - b))
  const phases = changes.map(([, phase]) => phase).join(' ')
  expect(phases).toMatch(/waiting computing.* waiting/)
  expect(traces.at(-1).at).toBeGreaterThan(190)
  expect(Math.max(...traces.flatMap(({ memory }) => memory).map(([, bytes]) => bytes))).toBeGreaterThan(1e6)
})

test('with more runs than threads, they take turns', async () => {
  const { run, ask } = await playground({ timeout: 20_000 })
  const runs = await Promise.all(
    Array.from({ length: 10 }, (_, i) => run(ENDLESS, { id: `id-${i}`, page: `page-${i}` })),
  )
  await runs[0].until('trace', ({ changes }) => changes.some(([, phase]) => phase === 'turns'))
  for (const { until } of runs) await ask('stop', { run: (await until('begun')).run })
  for (const { until } of runs) expect(await until('end')).toMatchObject({ end: 'aborted' })
})

test('an error comes with its line, its column and the way there, and without the name of the run', async () => {
  const { endOf } = await playground()
  const thrown = await endOf('local function f()\n  error("no <b>")\nend\nf()\nreturn 1')
  expect(thrown).toMatchObject({ end: 'failed', error: { message: 'no <b>', code: 'ERR_LUA_RUNTIME', line: 2 } })
  expect(thrown.error.stack).toContain('line 4: in main chunk')
  expect(thrown.error.stack).not.toContain('run-')
  const wrong = await endOf('\nlocal x = = 2')
  expect(wrong).toMatchObject({ error: { code: 'ERR_LUA_SYNTAX', line: 2 } })
  const object = await endOf('error({ code = 7 })')
  expect(object).toMatchObject({ end: 'failed', error: { code: 'ERR_LUA_RUNTIME' } })
  const result = await endOf('return { f = print }')
  expect(result).toMatchObject({
    error: { code: 'ERR_LUA_RESULT', message: expect.stringContaining('f is a function') },
  })
})

test('what a module logs is heard by the run that has called it, whoever else runs as the same id', async () => {
  const modules = folderWith({ 'm.lua': 'return function(what) log.info(what) end' })
  const { eventsOf } = await playground({ modules })
  const code = (what) => `local f = require("m") for i = 1, 5 do f("${what}") sleep(0.01) end`
  const both = await Promise.all(['one', 'other'].map((page) => eventsOf(code(page), { page })))
  for (const [i, page] of ['one', 'other'].entries()) {
    const logged = both[i].filter(({ type }) => type === 'log')
    expect(logged).toEqual(Array(5).fill({ type: 'log', level: 'info', chunk: 'm', chunkLine: 1, message: page }))
  }
})

test('an error in a module names the module', async () => {
  const modules = folderWith({ 'm.lua': 'local m = {}\nfunction m.f() error("deep") end\nreturn m' })
  const { endOf } = await playground({ modules })
  const { error } = await endOf('require("m").f()')
  expect(error).toMatchObject({ chunk: 'm', chunkLine: 2, message: 'm:2: deep' })
  expect(error.line).toBeUndefined()
})

test.each([
  ['timeout', { timeout: 30 }, 'while true do end', 'ERR_LUA_TIMEOUT', '--timeout'],
  ['cpu-timeout', { 'cpu-timeout': 30 }, 'while true do end', 'ERR_LUA_TIMEOUT', '--cpu-timeout'],
  ['memory', { memory: 2 ** 20 }, 'return ("x"):rep(2e6)', 'ERR_LUA_MEMORY', '--memory'],
  ['max-output', { 'max-output': 10 }, 'print(("x"):rep(20))', 'ERR_LUA_OUTPUT', '--max-output'],
])('the limit --%s holds, and is named', async (_, options, code, failure, option) => {
  const { endOf } = await playground(options)
  expect((await endOf(code)).error).toMatchObject({ code: failure, option })
})

test('a wrong id is refused, and so is a source that is too long', async () => {
  const { ask, endOf } = await playground()
  for (const id of ['', 'x'.repeat(257), 'a\nb']) {
    for (const asked of ['run', 'state']) {
      const answer = await ask(asked, { code: '', id, page: 'p' })
      expect(answer).toMatchObject({ status: 400, error: expect.stringContaining('The id') })
    }
  }
  const long = await endOf(' '.repeat(2 ** 20 + 1))
  expect(long).toMatchObject({ end: 'rejected', error: { code: 'ERR_INVALID_ARG_VALUE' } })
})

test('Stop ends an endless script, and what it has taken is told', async () => {
  const { run, ask } = await playground({ timeout: 100_000 })
  const endless = await run(ENDLESS)
  await endless.until('output', isBegun)
  expect(await ask('stop', { run: 1 })).toMatchObject({ stopped: true })
  expect(await endless.until('end')).toMatchObject({ end: 'aborted', stats: { slices: expect.any(Number) } })
  await endless.over
  for (const number of [1, 99, '1', null, {}])
    expect(await ask('stop', { run: number })).toMatchObject({ stopped: false })
})

test('when the page goes away, its run ends, and nobody else’s', async () => {
  const { run, engine } = await playground({ timeout: 100_000 })
  const [gone, stays] = await Promise.all([run(ENDLESS, { page: 'one' }), run(ENDLESS, { page: 'other' })])
  await Promise.all([gone.until('output', isBegun), stays.until('output', isBegun)])
  gone.leave()
  const atWork = () => engine.stats().running + engine.stats().suspended
  await becomes(() => atWork() === 1)
  expect(stays.events.find(({ type }) => type === 'end')).toBeUndefined()
  stays.leave()
  await becomes(() => atWork() === 0)
  expect(engine.stats().aborted).toBe(2)
})

test('two pages run scripts side by side, and each hears of its own', async () => {
  const { eventsOf } = await playground()
  const code = (name) => `for i = 1, 20 do print("${name}") log.info("${name}") sleep(0.002) end return "${name}"`
  const pages = ['one', 'other']
  const both = await Promise.all(pages.map((page) => eventsOf(code(page), { page, id: page })))
  for (const [i, events] of both.entries()) {
    const written = events.filter(({ type }) => type === 'output').map(({ text }) => text)
    expect(written.join('')).toBe(`${pages[i]}\n`.repeat(20))
    expect(events.filter(({ type }) => type === 'log').map(({ message }) => message)).toEqual(Array(20).fill(pages[i]))
  }
})

test('one page has only so many runs at once', async () => {
  const { run, ask } = await playground({ timeout: 100_000 })
  const runs = []
  for (let i = 0; i < OF_A_PAGE; i++) runs.push(await run(ENDLESS))
  expect(await ask('run', { code: '', id: 'main', page: 'a page' })).toMatchObject({
    status: 429,
    error: expect.stringContaining('too many'),
  })
  expect((await run('return 1', { page: 'another' })).status).toBe(200)
  runs[0].leave()
  await becomes(async () => (await run('return 1')).status === 200)
})

test('a flood of output is shown up to a bound, and it is told how much was left out', async () => {
  const { eventsOf } = await playground()
  const events = await eventsOf('for i = 1, 4000 do print(("é"):rep(49)) end')
  const shown = events
    .filter(({ type }) => type === 'output')
    .map(({ text }) => text)
    .join('')
  expect(shown).toBe(`${'é'.repeat(49)}\n`.repeat(4000).slice(0, MAX_OUTPUT))
  expect(events.find(({ type }) => type === 'cut')).toEqual({
    type: 'cut',
    bytes: 4000 * 99 - Buffer.byteLength(shown),
  })
  const endless = await eventsOf('while true do print(("x"):rep(1000)) end')
  expect(endless.at(-1)).toMatchObject({ error: { code: 'ERR_LUA_OUTPUT' } })
  expect(JSON.stringify(endless).length).toBeLessThan(2 * MAX_OUTPUT)
})

test('a flood of log entries is bounded, too', async () => {
  const { eventsOf } = await playground()
  const many = await eventsOf('for i = 1, 600 do log.info("x") end')
  expect(many.filter(({ type }) => type === 'log').length).toBe(MAX_ENTRIES)
  expect(many.filter(({ type }) => type === 'logCut').length).toBe(1)
  const long = await eventsOf('for i = 1, 1e4 do log.info(("x"):rep(5000), { s = ("y"):rep(5000) }) end')
  for (const { message, fields } of long.filter(({ type }) => type === 'log')) {
    expect(message.length + (fields ?? '').length).toBeLessThan(5000)
  }
})

test('values of any size and kind are shown up to a bound', async () => {
  const { endOf } = await playground()
  const { returned } = await endOf(`
    local deep = {}
    for i = 1, 30 do deep = { deep } end
    local many = {}
    for i = 1, 10000 do many[i] = i end
    return ("é"):rep(10000), "\\xff\\x00", nil, json.null, math.maxinteger, -0.0, { [1.5] = 1, [true] = 2, ["a b"] = 3 }, deep, many, "last"`)
  const [long, bytes, none, null_, integer, float, keys, deep, many] = returned.values
  expect(long).toMatchObject({ type: 'string', more: 20_000 - Buffer.byteLength(long.text) })
  expect(long.text).toBe('é'.repeat(TEXT / 2))
  expect(bytes).toEqual({ type: 'string', text: '\\xff\\x00', isText: false })
  expect([none.text, null_.text, integer.text, float.text]).toEqual(['nil', 'json.null', '9223372036854775807', '-0'])
  expect(keys.entries.map(([key]) => key).sort()).toEqual(['["a b"]', '[1.5]', '[true]'])
  let depth = 0
  for (let table = deep; table?.type === 'table'; table = table.entries[0]?.[1]) depth += 1
  expect(depth).toBeLessThan(20)
  expect(many.entries.length).toBeLessThanOrEqual(NODES)
  expect(many.entries.length + many.more).toBe(10_000)
  expect(returned.more).toBe(1)
})

test('State is shown, up to a bound, and outlives the run', async () => {
  const { eventsOf, ask } = await playground()
  await eventsOf(
    `State.set("a<b", { html = "<img>" }) State.set("big", ("x"):rep(5000)) State.set("n", math.maxinteger)`,
  )
  const { shown, entries, isMore } = await ask('state', { id: 'main' })
  expect({ entries, isMore }).toEqual({ entries: 3, isMore: false })
  expect(shown[0]).toEqual({ key: 'a<b', value: '{"html":"<img>"}' })
  expect(shown[1].value).toMatch(/^"x+… \(5002 characters\)$/)
  expect(shown[2].value).toContain('9223372036854775807')
  expect(await ask('state', { id: 'other' })).toMatchObject({ entries: 0, shown: [] })
  await eventsOf(`for i = 1, ${ENTRIES + 1} do State.set("k" .. i, i) end`, { id: 'many' })
  const many = await ask('state', { id: 'many' })
  expect([many.entries, many.shown.length, many.isMore]).toEqual([ENTRIES + 1, ENTRIES, true])
})

test('timers go on after the run, and what they log is heard, until Stop', async () => {
  const { run, ask, engine } = await playground()
  const begun = await run('timer.every(0.02, function() log.info("tick") end)')
  expect(await begun.until('end')).toMatchObject({ end: 'completed', timers: 1 })
  await begun.until('log', ({ message }) => message === 'tick')
  expect(engine.timers().length).toBe(1)
  await ask('stop', { run: 1 })
  await begun.until('over')
  await begun.over
  expect(engine.timers()).toEqual([])
})

test('a timer that runs before its script has ended is not taken for it', async () => {
  const { endOf } = await playground()
  const { stats, returned } = await endOf('timer.at(0.01, function() end) sleep(0.2) return "main"')
  expect(stats.runTime).toBeGreaterThan(150)
  expect(returned.values[0].text).toBe('main')
})

test('when the page goes away, its timers go, too', async () => {
  const { run, engine } = await playground()
  const [gone, stays] = await Promise.all(
    ['one', 'other'].map((page) => run('timer.every(60, function() end)', { page })),
  )
  await Promise.all([gone.until('end'), stays.until('end')])
  gone.leave()
  await becomes(() => engine.timers().length === 1)
})

test('code is looked through as it is typed', async () => {
  const modules = folderWith({ 'm.lua': 'return 1' })
  const { ask } = await playground({ modules })
  const { mistakes } = await ask('check', {
    code: 'local é = strng.format("%d", 1)\nrequire("n")\nprint(require("m"))',
  })
  expect(mistakes).toEqual([expect.objectContaining({ severity: 'error', line: 1 })])
  const named = (await ask('check', { code: 'local x = strng\nrequire("n")\nos.exit(x)' })).mistakes
  expect(named.map(({ line, column, size, severity }) => [line, column, size, severity])).toEqual([
    [1, 10, 5, 'error'],
    [2, expect.any(Number), expect.any(Number), 'error'],
    [3, 3, 4, 'error'],
  ])
  expect((await ask('check', { code: '' })).mistakes).toEqual([])
  expect((await ask('check', { code: `${'x()'.repeat(60_000)}` })).mistakes).toEqual([])
})

test('every example runs, ends as it says, and is free of mistakes', async () => {
  const folder = path.join(ROOT, 'playground/examples')
  const { ask, run } = await playground({ timeout: 50_000 })
  const ends = await Promise.all(
    readdirSync(folder).map(async (file, i) => {
      const code = readFileSync(path.join(folder, file), 'utf8')
      expect({ file, ...(await ask('check', { code })) }).toMatchObject({ mistakes: [] })
      const running = await run(code, { page: `page-${i}`, id: `id-${i}` })
      if (file.includes('endless')) {
        await running.until('output')
        await ask('stop', { run: (await running.until('begun')).run })
      }
      const { end, error } = await running.until('end')
      running.leave()
      return `${file} ${end} ${error?.code ?? ''}`.trim()
    }),
  )
  expect(ends.filter((end) => !end.endsWith('completed'))).toEqual([
    '04-errors.lua failed ERR_LUA_RUNTIME',
    '05-endless.lua aborted',
    '06-memory.lua failed ERR_LUA_MEMORY',
  ])
  expect(ends.length).toBeGreaterThan(8)
})

test('the page begins with the id and the limits of the command line', async () => {
  const { ask } = await playground({ id: 'acme', timeout: 100 })
  expect(await ask('hello', {})).toMatchObject({ version: require('../package.json').version, id: 'acme' })
})

test('it ends while scripts run', async () => {
  const { run, close, engine } = await playground({ timeout: 100_000 })
  const runs = await Promise.all([run(HOLDING), run(ENDLESS), run('sleep(100)', { page: 'other' })])
  // The one that holds its worker is not counted as started before it leaves that.
  const begun = ({ queued, running, suspended }) => queued === 0 && running + suspended === 3
  await becomes(() => begun(engine.stats()))
  await close()
  await Promise.all(runs.map(({ over }) => over))
})
