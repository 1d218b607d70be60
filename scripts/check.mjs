// npm run check: set-up, then every linter and every check that is not a test. One that fails does not stop the others.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { problemsOf, read } from '../bench/peers/page.mjs'
import { buildAddon, typesAreFresh } from './addon.mjs'
import { denyCrates } from './deny.mjs'
import { installDependencies } from './dependencies.mjs'
import { buildPlayground } from './playground.mjs'
import { readmeProblems } from './release/trial/record.mjs'
import { collect, root, tool } from './run.mjs'
import { findTools } from './setup.mjs'

const isTerminal = process.stdout.isTTY
const CARGO_COLORS = { CARGO_TERM_COLOR: isTerminal ? 'always' : 'auto' }

const cargo = (args, env) => collect('cargo', args, { env: { ...CARGO_COLORS, ...env } })
const clippy = (...features) =>
  cargo(['clippy', '--workspace', '--all-targets', '--locked', '--quiet', ...features, '--', '-D', 'warnings'])
const node = (file, ...args) => collect(...tool(file, ...args))
const examples = (...languages) => collect(process.execPath, ['scripts/check-docs.mjs', ...languages])

/** The scripts that npm would run by itself when somebody installs the package. */
function installScripts() {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  return Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare|prepublish)$/.test(name))
}

const found = (problems) => ({ exitCode: problems.length, output: problems.map((problem) => `${problem}\n`).join('') })

// Each of these resolves with an exit code and with what there is to say.
const OF_JAVASCRIPT = {
  'JavaScript, TypeScript and JSON: format and lint': () =>
    node('@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', `--colors=${isTerminal ? 'force' : 'off'}`),
  'types: right uses compile, wrong ones do not': () => node('typescript/bin/tsc', '-p', '__tests__/types'),
  'package: every way to load it finds its code': () => node('publint/src/cli.js', '--strict'),
  'package: every way to load it finds its types': () =>
    node('@arethetypeswrong/cli/dist/index.js', '--pack', '.', '--format', 'ascii', '--no-emoji', '--no-color'),
  'README.md: the table of what was tried is up to date': () => found(readmeProblems()),
  'docs/performance.md: its figures and its picture are up to date': () => found(problemsOf(read())),
  'installing runs no script': () => found(installScripts().map((name) => `package.json has a script '${name}'`)),
}
const OF_RUST = {
  'Rust: format': () => cargo(['fmt', '--all', '--check']),
  'Rust: lint': () => clippy(),
  'Rust: lint, with the benchmarks': () => clippy('--features', 'bench'),
  // With the examples, because cargo then takes the crates that they need as the linter has had them.
  'Rust: documentation': () =>
    cargo(['doc', '--workspace', '--lib', '--examples', '--no-deps', '--locked', '--quiet'], {
      RUSTDOCFLAGS: '-D warnings',
    }),
  'documents: every example in Rust runs': () => examples('rust'),
}
const OF_CRATES = { 'Rust: licences, duplicates and sources of crates': denyCrates }
const OF_ADDON = {
  'documents: every other example runs': () => examples('js', 'ts', 'lua'),
  'package: what npm installs of it works': () =>
    collect(process.execPath, ['scripts/release/test.mjs', '--built', '--cheap']),
  'generated files are up to date': () =>
    found(typesAreFresh() ? [] : ['binding.d.ts is out of date: run npm run build, and commit it']),
}

const failed = []

/** Carries out checks one after the other, as soon as what they need is there. Shows what one says when it is done. */
async function inTurn(checks, needed = 0) {
  const isReady = (await needed) === 0
  for (const [name, check] of Object.entries(checks)) {
    const start = performance.now()
    const { exitCode, output = '' } = isReady ? await outcomeOf(check) : found(['not checked: the set-up has failed'])
    if (exitCode !== 0) failed.push(name)
    process.stdout.write(`check: ${name} (${Math.round((performance.now() - start) / 1000)} s)\n${output}`)
  }
}

/** A check that cannot be carried out has failed. */
async function outcomeOf(check) {
  try {
    return await check()
  } catch (error) {
    return found([error.stack])
  }
}

await findTools()
const installed = installDependencies().then(async (exitCode) => {
  if (exitCode === 0) await buildPlayground()
  return exitCode
})
const built = installed.then((exitCode) => exitCode || buildAddon('release', false))
// Beside each other: much of it, above all the last step of the release build, keeps one core only.
await Promise.all([built, inTurn(OF_RUST), inTurn(OF_CRATES), inTurn(OF_JAVASCRIPT, installed)])
// After them: examples may be in a hurry.
await inTurn(OF_ADDON, built)
for (const name of failed) console.error(`failed: ${name}`)
process.exitCode = failed.length === 0 ? 0 : 1
