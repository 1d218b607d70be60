// The platforms that addons are published for: what npm, Rust and people call each.
import { createRequire } from 'node:module'
import path from 'node:path'
import { root } from '../run.mjs'

const { PLATFORMS } = createRequire(import.meta.url)('../../lib/platform.js')

/** The oldest glibc that an addon may ask for: that of RHEL 7, and older than any that Node.js 20 runs on. */
const GLIBC = '2.17'
/** The oldest macOS. */
const MACOS = '11.0'

const linux = (cpu, libc, words) => ({ os: 'linux', cpu, libc, format: 'ELF', words })
const OF_PLATFORM = {
  'darwin-arm64': { os: 'darwin', cpu: 'arm64', format: 'Mach-O', macos: MACOS, words: 'macOS 11 or later on arm64' },
  'darwin-x64': { os: 'darwin', cpu: 'x64', format: 'Mach-O', macos: MACOS, words: 'macOS 11 or later on x64' },
  'linux-arm64-gnu': { ...linux('arm64', 'glibc', `Linux on arm64 with glibc ${GLIBC} or later`), glibc: GLIBC },
  'linux-arm64-musl': linux('arm64', 'musl', 'Linux on arm64 with musl'),
  'linux-x64-gnu': { ...linux('x64', 'glibc', `Linux on x64 with glibc ${GLIBC} or later`), glibc: GLIBC },
  'linux-x64-musl': linux('x64', 'musl', 'Linux on x64 with musl'),
  'win32-x64-msvc': { os: 'win32', cpu: 'x64', format: 'PE', words: 'Windows on x64' },
}

const RUST_CPU = { arm64: 'aarch64', x64: 'x86_64' }
/** Windows in the dialect of GNU: it can be built on Linux, and Node-API is the same in both. */
const RUST_SYSTEM = {
  darwin: 'apple-darwin',
  glibc: 'unknown-linux-gnu',
  musl: 'unknown-linux-musl',
  win32: 'pc-windows-gnu',
}

/** Each platform by its name, in the order of lib/platform.js. */
export const TARGETS = PLATFORMS.map((name) => {
  const target = OF_PLATFORM[name]
  if (target === undefined) throw new Error(`scripts/release/targets.mjs does not say what ${name} is`)
  const rust = `${RUST_CPU[target.cpu]}-${RUST_SYSTEM[target.libc ?? target.os]}`
  return { name, rust, file: `moonpool.${name}.node`, ...target }
})

/** Those of these names; an Error where one is unknown. */
export function targetsNamed(names) {
  return names.map((name) => {
    const target = TARGETS.find((other) => other.name === name)
    if (target === undefined) throw new Error(`there is no platform '${name}', only ${PLATFORMS.join(', ')}`)
    return target
  })
}

/** Where everything that is released comes to lie. */
export const OUTPUT = path.join(root, 'target/release-packages')
