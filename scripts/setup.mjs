// Set-up, shared by all npm scripts: tools, then dependencies, then the addon. Silent when all is up to date.
import { buildAddon } from './addon.mjs'
import { installDependencies } from './dependencies.mjs'
import { missingTools } from './tools.mjs'

export async function setup() {
  const problems = await missingTools()
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exit(1)
  await installDependencies()
  await buildAddon()
}
