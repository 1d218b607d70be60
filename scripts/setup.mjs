// Set-up, shared by all npm scripts and Jest: tools, dependencies, the addon. Silent when all is up to date.
import { buildAddon } from './addon.mjs'
import { installDependencies } from './dependencies.mjs'
import { missingTools } from './tools.mjs'

/** What is published, unless another profile of the addon is asked for: see addon.mjs. */
export async function setup(profile = 'release') {
  const problems = await missingTools()
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exit(1)
  await installDependencies()
  await buildAddon(profile)
}
