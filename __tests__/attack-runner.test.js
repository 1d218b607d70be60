// The runner of the attack corpus sees what it is there to see: tried on doors that misbehave.
'use strict'

const { readdirSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const {
  attackNames,
  complaints,
  hastened,
  parseAttack,
  readAttack,
  runAttack,
  startAttacks,
} = require('./support/attack')
const { ROOT } = require('./support/child')
const { folderWith } = require('./support/files')
const { testIf } = require('./support/test-if')

const folder = folderWith()

const HEADER = {
  mechanism: 'nothing',
  options: '{"timeout": 100}',
  expect: 'value "fine"',
  setup: '{"id": "setup", "code": "return 1"}',
  after: '{"id": "after", "code": "return \'kept\'", "expect": "value \\"kept\\""}',
}

function attackWith(fields = {}, code = "return 'fine'") {
  const lines = Object.entries({ ...HEADER, ...fields }).map(([field, text]) => `-- ${field}: ${text}\n`)
  return parseAttack('attack', Buffer.from(`${lines.join('')}\n${code}`))
}

/** What the runner says of an attack, by default a harmless one, through the real door. */
async function said(attack = attackWith(), options = {}) {
  return complaints(attack, await runAttack(attack, options))
}

/** The same through a door that does `body` instead of a run of the given id. */
function saidAt(id, body, options) {
  const door = path.join(folder, `door-${readdirSync(folder).length}.js`)
  writeFileSync(
    door,
    `const { runLua } = require(${JSON.stringify(ROOT)})
    const instead = async (code, id, options) => { ${body} }
    exports.runLua = (code, id, options) => (id === '${id}' ? instead : runLua)(code, id, options)`,
  )
  return said(attackWith(), { door, ...options })
}

/** For what would end only when it is killed. */
const HASTY = { patience: 1000 }

const never = 'return new Promise(() => setInterval(() => {}, 1000))'
const HOLD_AND_FREE = `
  const { Worker } = require('node:worker_threads')
  const worker = new Worker('Buffer.alloc(150 * 2 ** 20, 1)', { eval: true })
  await new Promise((resolve) => worker.on('exit', resolve))`
const block = (ms) => `const stop = Date.now() + ${ms}; while (Date.now() < stop);`

test('a harmless script has no complaint', async () => {
  expect(await said()).toEqual([])
})

test('a wrong value', async () => {
  expect(await said(attackWith({}, "return 'else'"))).toEqual(['outcome: value "else"'])
})

test('a wrong code', async () => {
  const [complaint, ...others] = await said(attackWith({ expect: 'ERR_LUA_TIMEOUT | ERR_LUA_MEMORY' }, 'error()'))
  expect(complaint).toMatch(/^outcome: ERR_LUA_RUNTIME, LuaError: /)
  expect(others).toEqual([])
})

test('a value where an error is due, and an error where a value is', async () => {
  expect(await said(attackWith({ expect: 'ERR_LUA_MEMORY' }))).toEqual(['outcome: value "fine"'])
  expect(await said(attackWith({}, 'while true do end'))).toEqual([
    expect.stringMatching(/^outcome: ERR_LUA_TIMEOUT, /),
  ])
})

test('an internal error, even where anything is allowed', async () => {
  const attack = attackWith({ expect: 'any' })
  const seen = await runAttack(attack)
  expect(complaints(attack, seen)).toEqual([])
  const broken = { code: 'ERR_INTERNAL', error: 'Error: oops' }
  expect(complaints(attack, { ...seen, outcome: broken })).toEqual(['outcome: ERR_INTERNAL, Error: oops'])
})

test('a run that never settles is killed', async () => {
  expect(await saidAt('attack', never, HASTY)).toEqual(['hang: killed while in the attack'])
})

test('a run that never settles and blocks the event loop is killed', async () => {
  expect(await saidAt('attack', 'for (;;);', HASTY)).toEqual(['hang: killed while in the attack'])
})

test('a run that never settles, although nothing keeps the process alive', async () => {
  expect(await saidAt('attack', 'return new Promise(() => {})')).toEqual(['crash: ended while in the attack'])
})

test('a process that stays alive when all is done', async () => {
  expect(await saidAt('attack', "setInterval(() => {}, 1000); return 'fine'", HASTY)).toEqual([
    'hang: killed while in end',
  ])
})

test('a crash', async () => {
  expect(await saidAt('attack', "process.kill(process.pid, 'SIGSEGV'); await new Promise(() => {})")).toEqual([
    'crash: SIGSEGV while in the attack',
  ])
})

test('a process that exits', async () => {
  expect(await saidAt('attack', 'process.exit(3)')).toEqual(['crash: exit code 3 while in the attack'])
  expect(await saidAt('attack', 'process.exit(0)')).toEqual(['crash: ended while in the attack'])
})

test('anything on stderr', async () => {
  expect(await saidAt('attack', "console.error('oops'); return 'fine'")).toEqual(['stderr: oops\n'])
})

test('a run that settles late', async () => {
  const body = "await new Promise((resolve) => setTimeout(resolve, 600)); return 'fine'"
  expect(await saidAt('attack', body)).toEqual([expect.stringMatching(/^late: \d+ ms past the 250 ms of grace$/)])
})

test('a blocked event loop, before the run and at its end', async () => {
  const complaint = [expect.stringMatching(/^event loop: busy for \d+ ms$/)]
  expect(await saidAt('attack', `${block(300)} return 'fine'`)).toEqual(complaint)
  expect(await saidAt('attack', `await null; ${block(300)} return 'fine'`)).toEqual(complaint)
})

test('memory, also when it is freed before the run settles', async () => {
  expect(await saidAt('attack', `${HOLD_AND_FREE}; return 'fine'`)).toContainEqual(
    expect.stringMatching(/^memory: the process grew by 1[567]\d\.\d MiB, 105\.6 MiB allowed$/),
  )
})

test('a normal script that fails afterwards, or is slow', async () => {
  // The bystander runs once before the attack.
  const second = (body) => `globalThis.count = (globalThis.count ?? 0) + 1; if (globalThis.count === 2) { ${body} }
    return '1\\t100\\t100'`
  expect(await saidAt('bystander', second(''))).toEqual([])
  expect(await saidAt('bystander', second("return 'else'"))).toEqual(['unhealthy: a normal script gave value "else"'])
  expect(await saidAt('bystander', second(never), HASTY)).toEqual(['hang: killed while in a normal script'])
  expect(await saidAt('bystander', second(block(300)))).toEqual([
    expect.stringMatching(/^unhealthy: a normal script took \d+ ms$/),
  ])
})

test('a script before it that fails, and one after it with a wrong outcome', async () => {
  expect(await saidAt('setup', "throw new Error('oops')")).toEqual(['set-up failed: Error: oops'])
  expect(await saidAt('after', "return 'gone'")).toEqual(['after: value "gone"'])
})

describe('several attacks in one process', () => {
  /** What is said of attacks by name, and of the end, at a door whose engines do `body` instead of the attack. */
  async function saidOf(names, body) {
    const door = path.join(folder, `door-${readdirSync(folder).length}.js`)
    writeFileSync(
      door,
      `const { Engine: Real } = require(${JSON.stringify(ROOT)})
      exports.Engine = class extends Real {
        async runLua(code, id, options) {
          if (id === 'attack') { ${body} }
          return super.runLua(code, id, options)
        }
      }`,
    )
    const together = startAttacks({ door, patience: 1000 })
    const said = []
    for (const name of names) {
      const attack = { ...attackWith({ id: name }), name }
      said.push(complaints(attack, await together.run(attack)))
    }
    const last = await together.end()
    return [...said, last && complaints(last.attack, last.seen)]
  }

  const all = (said) => said.flat().join('; ')

  test('that are harmless have no complaint, and share the process', async () => {
    expect(await saidOf(['attack', 'attack', 'other'], '')).toEqual([[], [], [], []])
    const counts = "globalThis.count = (globalThis.count ?? 0) + 1; if (globalThis.count === 2) return 'second'"
    expect(await saidOf(['attack', 'attack'], counts)).toEqual([[], ['outcome: value "second"'], []])
  })

  test('share no State', async () => {
    const together = startAttacks()
    const attack = attackWith(
      { id: 'a', expect: 'value "1"' },
      'State.set("n", State.get("n", 0) + 1) return State.get("n")',
    )
    expect(complaints(attack, await together.run(attack))).toEqual([])
    expect(complaints(attack, await together.run({ ...attack, id: 'b' }))).toEqual([])
    await together.end()
  })

  test('one that crashes or hangs has the complaint, and the next one a new process', async () => {
    const crash = "process.kill(process.pid, 'SIGSEGV'); await new Promise(() => {})"
    expect(await saidOf(['attack', 'other'], crash)).toEqual([['crash: SIGSEGV while in the attack'], [], []])
    expect(await saidOf(['attack', 'other'], never)).toEqual([['hang: killed while in the attack'], [], []])
    expect(await saidOf(['other', 'attack'], crash)).toEqual([[], ['crash: SIGSEGV while in the attack'], undefined])
  })

  test('a crash afterwards is not lost', async () => {
    const later = 'process.exitCode = 3'
    expect(await saidOf(['attack'], later)).toEqual([[], ['crash: exit code 3 while in end']])
    const soon = "setTimeout(() => process.kill(process.pid, 'SIGSEGV'), 30)"
    expect(all(await saidOf(['attack', 'other', 'other'], `${soon}`))).toMatch(/crash: SIGSEGV while in/)
  })

  test('a process that stays alive when all is done', async () => {
    expect(await saidOf(['attack'], 'setInterval(() => {}, 1000)')).toEqual([[], ['hang: killed while in end']])
  })

  testIf(process.platform === 'linux')('memory that only an earlier one held does not count', async () => {
    const once = `if (!globalThis.was) { globalThis.was = true; ${HOLD_AND_FREE} }`
    const [first, second] = await saidOf(['attack', 'attack'], once)
    expect(first).toEqual([expect.stringMatching(/^memory: the process grew by/)])
    expect(second).toEqual([])
  })

  test('only those that may run out of time get less of it', () => {
    const timeoutOf = (fields) => hastened(attackWith({ options: '{"timeout": 300}', ...fields })).options.timeout
    expect(timeoutOf({})).toBe(300)
    expect(timeoutOf({ expect: 'ERR_LUA_TIMEOUT | ERR_LUA_MEMORY' })).toBe(50)
    expect(timeoutOf({ expect: 'ERR_LUA_TIMEOUT', options: '{"timeout": 20}' })).toBe(20)
  })
})

test('headers that cannot be read', () => {
  for (const expect_ of ['', 'ERR_LUA_TIMEOUTS', 'ERR_INTERNAL', 'ERR_LUA_TIMEOUT, ERR_LUA_MEMORY', 'value 1']) {
    expect(() => attackWith({ expect: expect_ })).toThrow(/^attack: /)
  }
  expect(() => attackWith({ mechanism: '' })).toThrow(/^attack: /)
  expect(() => attackWith({ expects: 'any' })).toThrow("attack: unknown or repeated field 'expects'")
})

test('every script of the corpus has a header and is in a section that is tested', () => {
  const sections = readdirSync(__dirname).flatMap((file) => /^attacks-(\w)\.test\.js$/.exec(file)?.[1] ?? [])
  const attacks = attackNames().map(readAttack)
  expect(attacks.length).toBeGreaterThan(400)
  expect(attacks.filter(({ name }) => !sections.includes(name[0]))).toEqual([])
})
