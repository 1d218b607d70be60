// TypeScript: what the types promise, in each version and each way in which it finds modules.
import { cpSync } from 'node:fs'
import path from 'node:path'
import { root } from '../../run.mjs'
import { must } from '../trial/execute.mjs'
import { project } from '../trial/project.mjs'
import { installed, toolsNode } from '../trial/tools.mjs'

const PEERS = ['prom-client@15.1.3', '@opentelemetry/api@1.9.1', 'bullmq@6.7.0']
/** The oldest types of Node.js that are supported, and the newest. */
const VERSIONS = [
  ['5.9.3', '20.19.43'],
  ['6.0.3', '24.19.2'],
  ['7.0.2', '26.6.6'],
]
const WAYS = [
  { module: 'node16', target: 'es2022' },
  { module: 'nodenext', target: 'es2022' },
  { module: 'esnext', moduleResolution: 'bundler', target: 'es2022' },
]

/**
 * Without skipLibCheck: our own types are checked, too. That wrong uses do not compile is for `npm run check`: some types of
 * Node.js refuse less than others.
 */
const settings = (way) => ({
  compilerOptions: {
    ...way,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    types: [],
  },
  include: ['types/right.ts', 'types/right-import.mts'],
})

const IMPORTING = `
import { Engine, LuaError, runLua } from 'moonpool'
import moonpool from 'moonpool'
import { createTester } from 'moonpool/testing'
import { registerMetrics } from 'moonpool/prometheus'
import { traceRuns } from 'moonpool/opentelemetry'
import { createProcessor } from 'moonpool/bullmq'

const engine: Engine = new moonpool.Engine({ defaults: { timeout: 250 } })
const { value } = await engine.run<[number]>('return 6 * 7', 'a')
const text: string = await runLua('return 1', 'a')
const failed = await runLua('error()', 'a').catch((error: unknown) => error instanceof LuaError && error.code)
console.log(value, text, failed, typeof createTester, typeof registerMetrics, typeof traceRuns, typeof createProcessor)
`

const REQUIRING = `
import moonpool = require('moonpool')
import testing = require('moonpool/testing')

const engine: moonpool.Engine = new moonpool.Engine()
engine.run('return 7', 'a').then(({ value }: moonpool.RunResult) => console.log(value, typeof testing.createTester))
`

async function tryWith(world, version, types) {
  const tools = await installed(`typescript-${version.split('.')[0]}`, [
    `typescript@${version}`,
    `@types/node@${types}`,
    ...PEERS,
  ])
  const node = await toolsNode(world)
  const tsc = path.join(tools, 'node_modules/typescript/bin/tsc')

  const folder = await project(world, path.join(tools, 'app'), {
    files: Object.fromEntries(WAYS.map((way, i) => [`${i}.json`, JSON.stringify(settings(way))])),
  })
  cpSync(path.join(root, '__tests__/types'), path.join(folder, 'types'), { recursive: true })
  for (const i of WAYS.keys()) await must(node, [tsc, '-p', `${i}.json`], { cwd: folder })

  // As TypeScript itself would have a project; and what it makes of it must run.
  const fresh = await project(world, path.join(tools, 'fresh'), { files: { 'a.mts': IMPORTING, 'b.cts': REQUIRING } })
  await must(node, [tsc, '--init'], { cwd: fresh })
  await must(node, [tsc], { cwd: fresh })
  const said = [await must(node, ['a.mjs'], { cwd: fresh }), await must(node, ['b.cjs'], { cwd: fresh })]
  const wanted = ['42 1 ERR_LUA_RUNTIME function function function function\n', '7 function\n']
  if (said.join() !== wanted.join()) throw new Error(`the compiled programs print ${said.join()}`)
  return { checks: WAYS.length + 2 }
}

export default VERSIONS.map(([version, types]) => ({
  name: `typescript-${version.split('.')[0]}`,
  group: 'Types read by',
  what: `TypeScript ${version}`,
  run: (world) => tryWith(world, version, types),
}))
