// Node.js on this platform: this one, and each version that is supported.
import { must } from '../trial/execute.mjs'
import { checksIn, project, runProgram } from '../trial/project.mjs'
import { nodeOf } from '../trial/tools.mjs'

/** One of each line that is supported. */
export const VERSIONS = ['20.20.2', '22.23.3', '24.21.0', '26.10.0']

/** Both ways in, all entries, and the ends of the process. */
async function tryWith(world, folder, node) {
  await project(world, folder)
  const passed = await runProgram(folder, [node])
  return passed + checksIn(await must(node, ['programs/entries.mjs'], { cwd: folder }))
}

const here = {
  name: 'node',
  group: 'Linux on x64',
  what: 'this Node.js',
  isCheap: true,
  // One of the others is like it.
  isOnlyCheap: true,
  run: async (world, folder) => ({ checks: await tryWith(world, folder, process.execPath) }),
}

const others = VERSIONS.map((version) => ({
  name: `node-${version.split('.')[0]}`,
  group: 'Linux on x64',
  what: `Node.js ${version}`,
  async run(world, folder) {
    return { checks: await tryWith(world, folder, await nodeOf(world.here, version)) }
  },
}))

export default [here, ...others]
