// Checks the licences, duplicates and sources of the Rust crates with cargo-deny, which it installs when it is missing.
import path from 'node:path'
import { ask, collect, root } from './run.mjs'

const VERSION = '0.20.2'
const FOLDER = path.join(root, 'target/tools')
const CARGO_DENY = path.join(FOLDER, 'bin/cargo-deny')

/** Resolves with the exit code and what was printed. What is allowed, and why, is in deny.toml. */
export async function denyCrates() {
  const installed = await install()
  if (installed.exitCode !== 0) return installed
  return collect(CARGO_DENY, ['--locked', '--workspace', 'check', 'bans', 'licenses', 'sources'])
}

/** Unoptimised: it then takes a minute to install instead of four, and the check takes two seconds. */
async function install() {
  if (ask(CARGO_DENY, ['--version']) === `cargo-deny ${VERSION}`) return { exitCode: 0 }
  console.log(`set-up: installing cargo-deny ${VERSION} into target/tools`)
  const args = ['install', 'cargo-deny', '--version', VERSION, '--locked', '--debug', '--root', FOLDER, '--quiet']
  return collect('cargo', args, { env: { CARGO_PROFILE_DEV_DEBUG: '0' } })
}
