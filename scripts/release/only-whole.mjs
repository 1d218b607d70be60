// prepublishOnly: npm runs it before it publishes this folder, and it refuses a main package without its addons.
import { readFileSync } from 'node:fs'
import { wholeProblems } from './whole.mjs'

const problems = wholeProblems(JSON.parse(readFileSync('package.json', 'utf8')))
for (const problem of problems) console.error(problem)
if (problems.length > 0) {
  console.error('Nobody could load this package. Packages are published by: npm run release')
  process.exitCode = 1
}
