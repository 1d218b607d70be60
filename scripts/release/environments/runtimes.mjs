// Other runtimes that have Node-API, on this platform.
import { chmodSync } from 'node:fs'
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
      return both(world, folder, [deno, 'run', '--allow-all'], { DENO_DIR: path.join(folder, 'cache') })
    },
  },
]
