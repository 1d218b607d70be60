// Next.js with `serverExternalPackages`, as docs/deploying.md says: the program that it builds to be shipped alone.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { must } from '../trial/execute.mjs'
import { checksIn, project } from '../trial/project.mjs'
import { installed, toolsNode } from '../trial/tools.mjs'

const NEXT = ['next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1']

const files = (tools) => ({
  'next.config.js': `
const root = ${JSON.stringify(tools)}
module.exports = {
  serverExternalPackages: ['moonpool'],
  output: 'standalone',
  outputFileTracingRoot: root,
  turbopack: { root },
}
`,
  'app/layout.js': 'export default ({ children }) => <html lang="en"><body>{children}</body></html>\n',
  'app/page.js': `
import { runLua } from 'moonpool'
export const dynamic = 'force-dynamic'
export default async () => <p>{await runLua('return "Lua says " .. 6 * 7', 'page')}</p>
`,
  // The battery stays outside of what Next.js bundles.
  'app/battery/route.js': `
import * as moonpool from 'moonpool'
export const dynamic = 'force-dynamic'
export async function GET() {
  const file = process.env.BATTERY
  const { checks, failures } = await process.getBuiltinModule('node:module').createRequire(file)(file)(moonpool)
  return new Response([...failures, 'battery: ' + checks + ' checks, ' + failures.length + ' failed'].join('\\n'))
}
`,
})

async function next(world, alone) {
  const tools = await installed('next', NEXT)
  const node = await toolsNode(world)
  const folder = await project(world, path.join(tools, 'app'), { files: files(tools) })
  const quiet = { NEXT_TELEMETRY_DISABLED: '1' }
  await must(node, [path.join(tools, 'node_modules/next/dist/bin/next'), 'build'], { cwd: folder, env: quiet })
  // Away from the project's own node_modules, with what Next.js has gathered.
  cpSync(path.join(folder, '.next/standalone'), alone, { recursive: true, verbatimSymlinks: true })
  const port = await freePort()
  const env = {
    ...process.env,
    ...quiet,
    PORT: `${port}`,
    HOSTNAME: '127.0.0.1',
    BATTERY: path.join(folder, 'battery.cjs'),
  }
  const server = spawn(node, [path.join(alone, 'app/server.js')], { env, stdio: 'ignore' })
  try {
    const page = await answer(server, `http://127.0.0.1:${port}/`)
    if (!page.includes('Lua says 42')) throw new Error(`the page is ${page.slice(0, 2000)}`)
    return { checks: 1 + checksIn(await answer(server, `http://127.0.0.1:${port}/battery`)) }
  } finally {
    server.kill()
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
  }
}

/** What a server answers, once it is up. */
async function answer(server, url) {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`)
    const response = await fetch(url).catch(() => undefined)
    if (response) return response.text()
    await sleep(100)
  }
  throw new Error('the server does not answer')
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

export default [{ name: 'next', group: 'Bundled by', what: 'Next.js 16.4.6', run: next }]
