// Logins of several tenants, whose steps in tenants/ decide about them. pipeline.js has all of moonpool.
//
//   node examples/auth-pipeline
'use strict'

const { once } = require('node:events')
const http = require('node:http')
const path = require('node:path')
const { Pipeline } = require('./pipeline')

/** A directory of users. It is broken for bob, and never answers for zoe. */
async function groups(user, signal) {
  if (user === 'bob') throw new Error('cannot reach ldap://reader:hunter2@10.0.0.7')
  if (user === 'zoe') await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  return ['staff', 'sales']
}

const log = {
  // As JSON, whatever a script says is one line.
  tenant: (tenant, text) => console.log(`  ${tenant}: ${JSON.stringify(text)}`),
  own: (tenant, error) => console.error(`${tenant}: ${error.message}`),
}

/** A service on this machine that says how risky a login is, to who has its key. */
async function startService() {
  const service = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost')
    const isOurs = request.headers.authorization === 'Bearer risk-key'
    const answers = { '/risk': { score: searchParams.get('user') === 'eve' ? 90 : 10 }, '/device': { known: true } }
    response.writeHead(isOurs ? 200 : 401).end(JSON.stringify(answers[pathname]))
  })
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  return service
}

async function main() {
  const service = await startService()
  const origin = `http://127.0.0.1:${service.address().port}`
  const settings = new Map([['hooli', { origins: [origin], secrets: { RISK_URL: origin, RISK_KEY: 'risk-key' } }]])
  const pipeline = new Pipeline({ groups, log, settings })
  await pipeline.load(path.join(__dirname, 'tenants'))
  const logins = [
    ['acme', 'ada', '10.1.2.3', false],
    ['acme', 'ada', '192.0.2.7', false],
    ['acme', 'ada', '192.0.2.7', true],
    ['acme', 'ada', '10.1.2.3', false],
    ['acme', 'bob', '10.1.2.3', false],
    ['acme', 'zoe', '10.1.2.3', false],
    ['globex', 'eve', '10.1.2.3', false],
    ['initech', 'ada', '10.1.2.3', false],
    ['umbrella', 'ada', '10.1.2.3', false],
    ['hooli', 'ada', '10.1.2.3', false],
    ['hooli', 'eve', '10.1.2.3', false],
    ['nobody', 'ada', '10.1.2.3', false],
  ]
  for (const [tenant, user, ip, mfa] of logins) {
    // What a step gets is what it needs: no password, no session.
    const { outcome, claims, reason } = await pipeline.login(tenant, { user, ip, mfa })
    console.log([tenant, user, outcome, reason ?? JSON.stringify(claims)].join(' '))
  }
  await pipeline.close()
  service.closeAllConnections()
  service.close()
}

main()
