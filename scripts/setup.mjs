// Set-up, shared by all npm scripts and Jest: tools, dependencies, the addon. Silent when all is up to date.
import { buildAddon } from './addon.mjs'
import { installDependencies } from './dependencies.mjs'
import { missingTools } from './tools.mjs'

/** With the addon as it is published, unless another profile is asked for: see addon.mjs. */
export async function setup(profile = 'release') {
  await setupTools()
  await buildAddon(profile)
}

/** All but the addon. */
export async function setupTools() {
  const problems = await missingTools()
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exit(1)
  await installDependencies()
}
