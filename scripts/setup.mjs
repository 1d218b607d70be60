// Set-up, shared by all npm scripts and Jest: tools, dependencies, the page of the playground, the addon. Silent when all is up
// to date.
import { buildAddon } from './addon.mjs'
import { installDependencies } from './dependencies.mjs'
import { buildPlayground } from './playground.mjs'
import { mustSucceed } from './run.mjs'
import { missingTools } from './tools.mjs'

/** With the addon as it is published, unless another profile is asked for: see addon.mjs. */
export async function setup(profile = 'release') {
  await setupTools()
  mustSucceed(await buildAddon(profile))
}

/** All but the addon. */
export async function setupTools() {
  await findTools()
  mustSucceed(await installDependencies())
  await buildPlayground()
}

/** Sees to it that Node.js, cargo and a C compiler are there; ends the process where one is not. */
export async function findTools() {
  const problems = await missingTools()
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exit(1)
}
