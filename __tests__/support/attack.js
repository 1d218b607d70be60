// Reads a script of the attack corpus, runs it in a process of its own or with others, and judges what came of it.
'use strict'

const { readdirSync, readFileSync } = require('node:fs')
const path = require('node:path')
const { isDeepStrictEqual } = require('node:util')
const { AttackProcess } = require('./attack-process')
const { ROOT } = require('./child')

const CORPUS = path.join(ROOT, '__tests__/attacks')

/** What a busy machine may add to any time that is measured here, in ms; and one that has other tests on all cores. */
const NOISE = 100
const NOISE_OF_OTHER_TESTS = 400

/** How long after its deadline a run may settle, in ms. */
const GRACE = 250

/** How long a normal script may take right after an attack, in ms. */
const QUICKLY = 100

/** How long a run may keep the event loop busy in all, in ms. */
const LOOP_BUSY = 100

/** The timeout of a hastened attack, in ms. */
const HASTY = 50

/** How much a VM may hold of its limit, with blocks that are free: see crates/core/src/memory/heap.rs. */
const SLACK = 1.4

/** The memory by which a process may grow whatever the limits are: threads, V8's heap. */
const FLOOR = 16 * 2 ** 20

/** Every code that a run of untrusted code may end with; `ERR_INTERNAL` is a bug. */
const CODES = [
  ...['ERR_LUA_SYNTAX', 'ERR_LUA_RUNTIME', 'ERR_LUA_TIMEOUT', 'ERR_LUA_MEMORY', 'ERR_LUA_OUTPUT', 'ERR_LUA_RESULT'],
  ...['ERR_STATE_DENIED', 'ERR_STATE_VALUE', 'ERR_STATE_QUOTA', 'ERR_STATE_UNAVAILABLE'],
  ...['ERR_SCRIPT_UNKNOWN', 'ERR_SCRIPT_DENIED'],
]

const FIELDS = ['mechanism', 'options', 'values', 'shared', 'scripts', 'prelude', 'expect', 'id', 'setup', 'after']

/** The names of the corpus's scripts whose section is `letter`. */
function attackNames(letter = '') {
  const files = readdirSync(CORPUS).filter((file) => file.startsWith(letter) && file.endsWith('.lua'))
  return files.map((file) => path.basename(file, '.lua')).sort()
}

/** A script of the corpus, by name. */
function readAttack(name) {
  return parseAttack(name, readFileSync(path.join(CORPUS, `${name}.lua`)))
}

/**
 * A script with what its header says. The header is the comments `-- field: text` at the top:
 *
 *   mechanism  what is tried
 *   options    of the run, as JSON
 *   values     how its results are given as values, as JSON, for `engine.run`; without it they are text, of `runLua`
 *   shared     the shared dictionaries of its engine, as JSON: options by name
 *   expect     the allowed outcomes, separated by `|`: error codes, `value "a JSON string"`, or `any`
 *   scripts    named scripts of its engine that all may call, as JSON: source by name
 *   prelude    the prelude of its engine, as JSON: { prelude: [{ name, source }], modules: [names] }
 *   id         the script id; by default, the script's name
 *   setup      a run before, as JSON: { id, code }
 *   after      a run after, as JSON: { id, code, expect }
 */
function parseAttack(name, source) {
  const fields = {}
  for (const line of source.toString('utf8').split('\n')) {
    const [, field, text] = /^-- (\w+): (.*)$/.exec(line) ?? []
    if (field === undefined) break
    if (!FIELDS.includes(field) || field in fields) throw new Error(`${name}: unknown or repeated field '${field}'`)
    fields[field] = text
  }
  if (!fields.mechanism || !fields.expect) throw new Error(`${name}: the header lacks its mechanism or its outcomes`)
  const json = (text) => text && JSON.parse(text)
  const after = json(fields.after)
  return {
    name,
    source,
    mechanism: fields.mechanism,
    options: json(fields.options) ?? { timeout: 300 },
    values: json(fields.values),
    shared: json(fields.shared),
    scripts: json(fields.scripts),
    prelude: json(fields.prelude),
    expect: parseOutcomes(name, fields.expect),
    id: fields.id ?? name,
    setup: json(fields.setup),
    after: after && { ...after, expect: parseOutcomes(name, after.expect) },
  }
}

function parseOutcomes(name, text) {
  const parts = text.match(/value "(?:[^"\\]|\\.)*"|\w+/g) ?? []
  if (parts.length === 0 || parts.join(' | ') !== text.trim()) throw new Error(`${name}: cannot read '${text}'`)
  return parts.flatMap((part) => {
    if (part === 'any') return [{ anyValue: true }, ...CODES.map((code) => ({ code }))]
    if (part.startsWith('value ')) return [{ value: JSON.parse(part.slice('value '.length)) }]
    if (!CODES.includes(part)) throw new Error(`${name}: no run ends with '${part}'`)
    return [{ code: part }]
  })
}

/** A run's deadline, in ms from its start. */
function deadline({ options }) {
  return Math.min(options.timeout, options.cpuTimeout ?? Number.POSITIVE_INFINITY)
}

/**
 * Runs an attack in a process of its own, through the module at `door`. Resolves with what the process saw
 * (see attack-child.js), how it ended and whether it had to be killed.
 */
function runAttack(attack, options) {
  return new AttackProcess(options).runAlone(attack, deadline(attack))
}

/** Runs attacks one after the other in one process, and in a new one when that has died of an attack. */
function startAttacks(options) {
  let shared
  let last
  return {
    /** Resolves with what the process saw of the attack, or of its death since the attack before. */
    async run(attack) {
      const died = deathAfter(last, shared)
      if (shared === undefined || shared.isClosed) shared = new AttackProcess({ ...options, isShared: true })
      const seen = died ?? (await shared.run(attack, deadline(attack)))
      last = { attack, isAlive: !shared.isClosed }
      return seen
    },
    /** Resolves with the last attack and how the process ended, if it had not died of the attack. */
    async end() {
      if (!last?.isAlive) return undefined
      return { attack: last.attack, seen: await shared.end() }
    },
  }
}

/** How the process died that had survived the last attack. */
function deathAfter(last, shared) {
  if (!last?.isAlive || !shared.isClosed) return undefined
  return { ...shared.account(), stage: `the time after ${last.attack.name}` }
}

/**
 * The attack with less time where it is to run out of time: it is still stopped in the middle of what it does, but may
 * not get as far. Three attacks in five wait for their timeout.
 */
function hastened(attack) {
  const timesOut = attack.expect.some(({ code }) => code === 'ERR_LUA_TIMEOUT')
  if (!timesOut) return attack
  return { ...attack, options: { ...attack.options, timeout: Math.min(attack.options.timeout, HASTY) } }
}

/** All that is wrong with how an attack ended, as a list of sentences. */
function complaints(attack, seen, noise = NOISE) {
  const list = []
  const mb = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`
  const limit = SLACK * (attack.options.memoryLimit ?? 64 * 2 ** 20) + FLOOR
  if (seen.killed) list.push(`hang: killed while in ${seen.stage}`)
  else if (seen.exitCode !== 0)
    list.push(`crash: ${seen.signal ?? `exit code ${seen.exitCode}`} while in ${seen.stage}`)
  else if (seen.stage !== 'end') list.push(`crash: ended while in ${seen.stage}`)
  if (seen.stderr) list.push(`stderr: ${seen.stderr.slice(0, 1000)}`)
  if (seen.setup?.error) list.push(`set-up failed: ${seen.setup.error}`)
  if (seen.outcome && !isAllowed(seen.outcome, attack.expect)) list.push(`outcome: ${shown(seen.outcome)}`)
  const late = seen.elapsed - deadline(attack) - GRACE
  if (late > noise) list.push(`late: ${Math.round(late)} ms past the ${GRACE} ms of grace`)
  if (seen.growth > limit) list.push(`memory: the process grew by ${mb(seen.growth)}, ${mb(limit)} allowed`)
  if (seen.loopBusy > LOOP_BUSY + noise) list.push(`event loop: busy for ${Math.round(seen.loopBusy)} ms`)
  if (seen.health && !isDeepStrictEqual(seen.health.outcome, { value: seen.health.expect })) {
    list.push(`unhealthy: a normal script gave ${shown(seen.health.outcome)}`)
  }
  if (seen.health?.elapsed > QUICKLY + noise) {
    list.push(`unhealthy: a normal script took ${Math.round(seen.health.elapsed)} ms`)
  }
  if (seen.after && !isAllowed(seen.after, attack.after.expect)) list.push(`after: ${shown(seen.after)}`)
  return list
}

function isAllowed({ code, value }, outcomes) {
  return outcomes.some((allowed) => {
    if (allowed.anyValue) return value !== undefined
    return allowed.code === undefined ? allowed.value === value : allowed.code === code
  })
}

function shown({ value, code, error }) {
  const text = value === undefined ? `${code ?? 'no code'}, ${error}` : `value ${JSON.stringify(value)}`
  return text.length > 300 ? `${text.slice(0, 300)}...` : text
}

module.exports = {
  NOISE_OF_OTHER_TESTS,
  attackNames,
  complaints,
  hastened,
  parseAttack,
  readAttack,
  runAttack,
  startAttacks,
}
