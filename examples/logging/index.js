// What scripts of tenants log goes into pino, and what one writes comes as it is written.
//
//   npm install pino
//   node examples/logging
//
// Each line is JSON. What the script says is in `msg` and `fields`, so it can pass for nothing else.
'use strict'

const pino = require('pino')
const { Engine } = require('moonpool')

const logger = pino({ level: 'debug', base: undefined, timestamp: pino.stdTimeFunctions.isoTime })
const engine = new Engine({ logger, maxLog: 16 * 1024 })

/** Of acme's entries, those for who looks for a mistake are logged as well. */
const LEVELS = new Map([['acme', 'debug']])

const SCRIPTS = {
  acme: `log.debug('it begins', { at = 0 })
    print('half way')
    warn('no ', 'coupon')
    return 'done'`,
  globex: `log.debug('nobody sees this')
    log.info('{"level":50,"msg":"forged"}', { scriptId = 'acme' })
    for i = 1, 1e4 do log.error('flood') end`,
}

async function main() {
  for (const [tenant, code] of Object.entries(SCRIPTS)) {
    const options = {
      name: `${tenant}.lua`,
      logLevel: LEVELS.get(tenant) ?? 'info',
      maxLog: tenant === 'globex' ? 200 : undefined,
      onOutput: (text) => logger.info({ scriptId: tenant }, text.trimEnd()),
    }
    await engine.run(code, tenant, options)
  }
  await engine.close()
}

main()
