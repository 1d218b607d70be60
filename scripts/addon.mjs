// Builds the native addon with a cargo profile, and puts it where lib/addon.js looks.
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'
import { build } from './cargo.mjs'
import { newestOf } from './newest.mjs'
import { root, tool } from './run.mjs'

/** Each profile has a folder of its own: the build of one does not make that of the other look new. */
const outputOf = (profile) => path.join(root, 'target/addon', profile)

/** What is published is of this profile, and so is the generated file that is committed. */
const RELEASE = outputOf('release')

/**
 * Brings the addon up to date; silent when it is. The profiles are those of Cargo.toml: `release` is what users get,
 * `quick` is built in seconds. The package then has the addon of whichever profile was asked for last. Resolves with the
 * exit code. `isAlone`: nothing else writes to the terminal meanwhile.
 */
export async function buildAddon(profile, isAlone = true) {
  const output = outputOf(profile)
  const exitCode = isFresh(output) ? 0 : await compile(profile, output, isAlone)
  if (exitCode !== 0) return exitCode
  for (const file of readdirSync(output)) if (file.endsWith('.node')) install(output, file)
  return 0
}

/** What an addon is built from. */
const SOURCES = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'package.json', 'package-lock.json', 'src', 'crates']

/**
 * Whether nothing has changed since an addon was built. Cargo would know as well; but the tool that calls it sets a variable
 * in the first build and not in the second, which then builds the addon once more.
 */
function isFresh(output) {
  const addon = existsSync(output) && readdirSync(output).find((file) => file.endsWith('.node'))
  return (
    Boolean(addon) &&
    statSync(path.join(output, addon)).mtimeMs > newestOf(SOURCES.map((file) => path.join(root, file)))
  )
}

/** The types of the addon, as the last release build has generated them: for editors, and for whoever reads lib/. */
const TYPES = 'binding.d.ts'

/** Takes over the types from the last release build. */
export function installTypes() {
  install(RELEASE, TYPES)
}

/** Whether the committed types are those of the last release build. */
export function typesAreFresh() {
  return isInstalled(RELEASE, TYPES)
}

/** Says how far it is, where there is something to build; all that was said where it fails. */
async function compile(profile, output, isAlone) {
  const words = `set-up: building the native addon (${profile})`
  const { exitCode, stdout } = await build(words, ...napiBuild(profile, output), isAlone ? {} : { isTerminal: false })
  if (exitCode !== 0) process.stderr.write(stdout)
  return exitCode
}

function napiBuild(profile, output) {
  // No loader: lib/addon.js is ours.
  const files = ['--no-js', '--dts', TYPES, '--output-dir', output]
  return tool('@napi-rs/cli/dist/cli.js', 'build', '--platform', '--profile', profile, ...files, '--', '--locked')
}

function isInstalled(output, file) {
  const installed = path.join(root, file)
  return existsSync(installed) && readFileSync(installed).equals(readFileSync(path.join(output, file)))
}

/** By renaming: overwriting an addon would pull it from under the processes that have it loaded. */
function install(output, file) {
  if (isInstalled(output, file)) return
  const destination = path.join(root, file)
  // Two processes may do this at once.
  const copy = `${destination}.${process.pid}.new`
  copyFileSync(path.join(output, file), copy)
  renameSync(copy, destination)
}
