// Other runtimes that have Node-API, on this platform.
import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { must } from '../trial/execute.mjs'
import { checksIn, project, runProgram } from '../trial/project.mjs'
import { BUN, bunOf, unpacked } from '../trial/tools.mjs'

const DENO = '2.9.6'

async function program(spec, file) {
  const found = path.join(await unpacked(spec), file)
  chmodSync(found, 0o755)
  return found
}

/** The battery by require and by import. */
async function both(world, folder, command, env) {
  await project(world, folder)
  const passed = await runProgram(folder, command, { env })
  const [file, ...args] = command
  return { checks: passed + checksIn(await must(file, [...args, 'programs/entries.mjs'], { cwd: folder, env })) }
}

/** Without the right to load addons, it is told which is missing. */
async function isRefused(folder, deno, env) {
  const file = path.join(folder, 'refused.cjs')
  writeFileSync(file, "try { require('moonpool') } catch ({ code, message }) { console.log(code, message) }")
  const said = await must(deno, ['run', '--allow-read', '--allow-env', '--no-prompt', file], { cwd: folder, env })
  if (!/^ERR_ADDON_LOAD .* could not be loaded: .*--allow-ffi/m.test(said)) throw new Error(`it says: ${said}`)
  return 1
}

export default [
  {
    name: 'bun',
    group: 'Linux on x64',
    what: `Bun ${BUN}`,
    async run(world, folder) {
      return both(world, folder, [await bunOf(world.here)])
    },
  },
  {
    name: 'deno',
    group: 'Linux on x64',
    what: `Deno ${DENO}`,
    async run(world, folder) {
      const deno = await program(`@deno/${world.here.os}-${world.here.cpu}-glibc@${DENO}`, 'deno')
      const env = { DENO_DIR: path.join(folder, 'cache') }
      const passed = await both(world, folder, [deno, 'run', '--allow-all'], env)
      return { checks: passed.checks + (await isRefused(folder, deno, env)) }
    },
  },
]
