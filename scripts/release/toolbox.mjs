// Tools that build for other platforms: each is installed below target/tools/release when it is first wanted.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ask, collect, root } from '../run.mjs'

const FOLDER = path.join(root, 'target/tools/release')

/** A path below the folder of the tools. */
export const inTools = (...parts) => path.join(FOLDER, ...parts)

/** Cross-compilers of C, with their linkers and the symbols of each version of glibc, and what lets cargo use them. */
const ZIG = ['ziglang==0.17.1', 'cargo-zigbuild==0.24.0']

/** Something that cannot be done here, and how it could be. */
export class Missing extends Error {}

/** The folder with the programs `cargo-zigbuild`, `zig` and `python3`. */
export async function zig() {
  const wanted = ZIG.join(' ')
  await once('zig', wanted, `zig and cargo-zigbuild (pip install ${wanted})`, async () => {
    if (ask('python3', ['-c', 'import venv, ensurepip']) === undefined) {
      throw new Missing('zig comes with pip, and python3 with venv is missing: run apt-get install python3-venv')
    }
    await must('python3', ['-m', 'venv', inTools('zig')])
    await pip('install', ...ZIG)
  })
  return inTools('zig/bin')
}

/** The folder with zig's stub of the one library that every program for macOS is linked with. */
export async function appleLibraries() {
  const python = path.join(await zig(), 'python3')
  const found = ask(python, ['-c', 'import ziglang, os; print(os.path.dirname(ziglang.__file__))'])
  return path.join(found, 'lib/libc/darwin')
}

/** Runs pip, as it is beside zig. */
export async function pip(command, ...args) {
  await must(inTools('zig/bin/python3'), ['-m', 'pip', command, '--quiet', '--disable-pip-version-check', ...args])
}

/** Installs what is not there yet, anew where another version is wanted. */
export async function once(name, version, words, install) {
  const mark = inTools(`${name}.done`)
  if (existsSync(mark) && readFileSync(mark, 'utf8') === version) return
  console.log(`set-up: installing ${words} into target/tools/release`)
  rmSync(inTools(name), { recursive: true, force: true })
  mkdirSync(inTools(name), { recursive: true })
  await install()
  writeFileSync(mark, version)
}

/** Runs a program quietly; an Error with what it printed when it fails. */
export async function must(command, args, options) {
  const { exitCode, output } = await collect(command, args, options)
  if (exitCode !== 0) throw new Error(`${path.basename(command)} ${args[0]} failed:\n${output.slice(-2000)}`)
}
