// Logins that steps in Lua decide about. Each step is a run of its own; whatever goes wrong in one denies the login.
'use strict'

const { readdir, readFile } = require('node:fs/promises')
const path = require('node:path')
const { Engine, HostError, LuaError } = require('moonpool')
const { services } = require('./fetch')

/** How long all steps of one login may take together, in ms. Time in the queue counts, too. */
const LOGIN_TIME = 2000
const MAX_CLAIMS = 20
/** The host says these about a login, and no step. */
const RESERVED = new Set(['sub', 'iss', 'aud', 'exp', 'nbf', 'iat', 'jti', 'nonce'])

/** What steps may do. `data` is the decision about their login, and about no other one. */
const api = {
  /** What is denied stays denied, even if the step catches errors or goes on. */
  deny({ data }, reason) {
    data.denied ??= typeof reason === 'string' ? reason.slice(0, 200) : 'denied'
  },
  requireMfa({ data }) {
    data.mfa = true
  },
  setClaim({ data: { claims } }, name, value) {
    const isName = typeof name === 'string' && /^[a-z][a-z0-9_]{0,39}$/.test(name) && !RESERVED.has(name)
    if (!isName) throw new HostError('a claim of this name cannot be set', { code: 'BAD_CLAIM' })
    const isValue = ['string', 'boolean'].includes(typeof value) || Number.isSafeInteger(value)
    if (!isValue || value.length > 1000 || (claims.size >= MAX_CLAIMS && !claims.has(name))) {
      throw new HostError(`too much, or no text, integer or boolean: claim '${name}'`, { code: 'BAD_CLAIM' })
    }
    claims.set(name, value)
  },
}

class Pipeline {
  // A tenant whose steps are slow does not take the places of the others.
  #engine = new Engine({
    defaults: { timeout: 750, cpuTimeout: 100, memoryLimit: 8 * 2 ** 20 },
    perId: { maxStarted: 8, maxQueued: 100 },
  })
  #steps = new Map()
  #settings
  #host
  #log

  /**
   * `groups(user, signal)` looks a user up. `log.tenant` is what tenants read, and `log.own` what only we do. `settings` has
   * the `{ origins, secrets }` of tenants: where their steps may fetch from, as 'https://risk.example:8443', and with what.
   */
  constructor({ groups, log, settings = new Map() }) {
    this.#settings = settings
    // A step may ask about the user who logs in, and about nobody else.
    const directory = { groups: ({ data, signal }) => groups(data.user, signal) }
    this.#host = this.#engine.functions({ api, directory, ...services })
    this.#log = log
    // What a step logs comes before what it ends with.
    this.#engine.on('log', ({ scriptId, name, level, message, fields }) => {
      log.tenant(scriptId, `${name}: ${level}: ${message}${fields ? ` ${JSON.stringify(fields)}` : ''}`)
    })
  }

  /** Each folder is a tenant, and its files are the steps, in the order of their names. */
  async load(folder) {
    for (const tenant of await readdir(folder)) {
      const files = (await readdir(path.join(folder, tenant))).filter((file) => file.endsWith('.lua')).sort()
      const read = async (name) => ({ name, source: await readFile(path.join(folder, tenant, name)) })
      this.#steps.set(tenant, await Promise.all(files.map(read)))
    }
  }

  /** Resolves with `{ outcome: 'allow', claims }`, `{ outcome: 'mfa' }` or `{ outcome: 'deny', reason }`. */
  async login(tenant, event) {
    const steps = this.#steps.get(tenant)
    if (!steps) return { outcome: 'deny', reason: 'unknown tenant' }
    const { origins = [], secrets = {} } = this.#settings.get(tenant) ?? {}
    const given = { origins: new Set(origins), secrets: new Map(Object.entries(secrets)), fetches: 0 }
    const decision = { user: event.user, denied: undefined, mfa: false, claims: new Map(), ...given }
    const signal = AbortSignal.timeout(LOGIN_TIME)
    for (const step of steps) {
      const failure = await this.#failureOf(step, tenant, { args: [event], data: decision, signal })
      if (failure) decision.denied ??= 'the login could not be decided'
      if (decision.denied === undefined) continue
      this.#log.tenant(tenant, `${step.name}: ${failure ?? decision.denied}`)
      return { outcome: 'deny', reason: decision.denied }
    }
    if (decision.mfa && event.mfa !== true) return { outcome: 'mfa' }
    return { outcome: 'allow', claims: Object.fromEntries(decision.claims) }
  }

  /** Runs a step. Its tenant may know of a failure what the step could have known: errors of ours are masked. */
  async #failureOf({ name, source }, tenant, given) {
    try {
      await this.#engine.run(source, tenant, { ...given, name, host: this.#host })
    } catch (error) {
      const isLua = error instanceof LuaError
      const ours = isLua ? error.cause : error
      if (ours && !(ours instanceof HostError)) this.#log.own(tenant, ours)
      return isLua ? `${error.code}: ${error.message}` : 'the steps took too long, or something of ours failed'
    }
  }

  close() {
    return this.#engine.close({ timeout: 1000 })
  }
}

module.exports = { Pipeline }
