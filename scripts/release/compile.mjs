// Builds the addon for a platform, as it is published: optimised, and with no path of this machine in it.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ask, collect, hostTriple, root } from '../run.mjs'
import { appleStubs } from './apple.mjs'
import { debianRust, mingw } from './debian.mjs'
import { appleLibraries, Missing, zig } from './toolbox.mjs'

/** The standard library is built along: nobody has it ready for that platform. */
const BUILD_STD = ['-Zbuild-std=std,panic_unwind']

/** The file with the addon for a target. Throws `Missing` where this machine cannot build it. */
export async function compile(target) {
  if (process.platform !== 'linux') {
    throw new Missing(`packages are built on Linux, best on Debian, and this is ${process.platform}`)
  }
  const recipe = { linux: forLinux, win32: forWindows, darwin: forMacos }[target.os]
  const { command, args, env, file } = await recipe(target)
  // One for all: build scripts and macros are compiled once.
  const output = path.join(root, 'target/release-build')
  const all = [...args, '--package', 'moonpool', '--lib', '--release', '--locked']
  const { exitCode, output: said } = await collect(command, all, {
    env: { CARGO_TARGET_DIR: output, CARGO_TERM_COLOR: 'never', RUSTFLAGS: flags(target).join(' '), ...env },
  })
  if (exitCode !== 0) throw new Error(`it does not build:\n${said.slice(-6000)}`)
  return path.join(output, target.rust, 'release', file)
}

/** With zig, which has the symbols of every glibc and of musl. */
async function forLinux(target) {
  const rust = await rustFor(target)
  const triple = target.glibc ? `${target.rust}.${target.glibc}` : target.rust
  return { ...(await withZig(rust, triple)), file: 'libmoonpool.so' }
}

/** With stubs of Apple's libraries. */
async function forMacos(target) {
  const built = await withZig(await rustFor(target), target.rust)
  const env = {
    ...built.env,
    [`CARGO_TARGET_${upper(target.rust)}_LINKER`]: macosLinker(target, await appleLibraries()),
    MACOSX_DEPLOYMENT_TARGET: target.macos,
  }
  return { ...built, env, file: 'libmoonpool.dylib' }
}

/** With Debian's GCC for Windows. */
async function forWindows(target) {
  const rust = await rustFor(target)
  const bin = path.join(await mingw(), 'usr/bin')
  const gcc = path.join(bin, 'x86_64-w64-mingw32-gcc-posix')
  const ar = path.join(bin, 'x86_64-w64-mingw32-ar')
  if (rust.folder) startFiles(rust, target)
  const env = {
    ...rust.env,
    PATH: `${bin}:${rust.env.PATH ?? process.env.PATH}`,
    LIBNODE_PATH: emptyLibnode(ar),
    [`CC_${target.rust.replaceAll('-', '_')}`]: gcc,
    [`AR_${target.rust.replaceAll('-', '_')}`]: ar,
    [`CARGO_TARGET_${upper(target.rust)}_LINKER`]: gcc,
  }
  return { command: rust.cargo, args: ['build', '--target', target.rust, ...rust.args], env, file: 'moonpool.dll' }
}

/** The Rust that is installed, where it has the standard library of the target; else Debian's, which has its sources. */
async function rustFor(target) {
  const libraries = ask('rustc', ['--print', 'target-libdir', '--target', target.rust])
  if (libraries && hasStd(libraries)) return { cargo: 'cargo', env: {}, args: [] }
  const folder = await debianRust(`Rust has no standard library for it: run rustup target add ${target.rust}`)
  const bin = path.join(folder, 'usr/bin')
  const env = {
    RUSTC: path.join(bin, 'rustc'),
    RUSTDOC: path.join(bin, 'rustdoc'),
    CARGO: path.join(bin, 'cargo'),
    PATH: `${bin}:${process.env.PATH}`,
    LD_LIBRARY_PATH: path.join(folder, 'usr/lib/x86_64-linux-gnu'),
  }
  const isReady = hasStd(path.join(folder, 'usr/lib/rustlib', target.rust, 'lib'))
  if (isReady) return { cargo: env.CARGO, env, args: [], folder }
  // Building it is not for everybody yet, says Rust.
  return { cargo: env.CARGO, env: { ...env, RUSTC_BOOTSTRAP: '1' }, args: BUILD_STD, folder }
}

const hasStd = (folder) => existsSync(folder) && readdirSync(folder).some((file) => /^libstd-.*\.rlib$/.test(file))

async function withZig(rust, triple) {
  const bin = await zig()
  const caches = path.join(root, 'target/tools/release')
  const env = {
    ...rust.env,
    PATH: `${bin}:${rust.env.PATH ?? process.env.PATH}`,
    CARGO_ZIGBUILD_CACHE_DIR: path.join(caches, 'zigbuild-cache'),
    ZIG_GLOBAL_CACHE_DIR: path.join(caches, 'zig-cache'),
  }
  return { command: path.join(bin, 'cargo-zigbuild'), args: ['zigbuild', '--target', triple, ...rust.args], env }
}

/** Paths that the compiler would write down become the same on every machine. The last one that fits is taken. */
function flags(target) {
  const home = process.env.CARGO_HOME ?? path.join(os.homedir(), '.cargo')
  const registries = path.join(home, 'registry/src')
  const crates = existsSync(registries) ? readdirSync(registries).map((name) => path.join(registries, name)) : []
  const places = [[home, 'cargo'], [root.replace(/\/$/, ''), 'moonpool'], ...crates.map((folder) => [folder, 'crates'])]
  // A shared library cannot have musl in it.
  const musl = target.libc === 'musl' ? ['-Ctarget-feature=-crt-static'] : []
  // Its linker does it: a tool that does it later would break the signature which the linker has made.
  const strip = target.os === 'darwin' ? ['-Cstrip=none'] : []
  return [...places.map(([from, to]) => `--remap-path-prefix=${from}=/${to}`), ...musl, ...strip]
}

/**
 * The linker of LLVM, which comes with Rust: zig's shows every function to everybody, and so keeps all of them. Strips and signs,
 * and names no folder of this machine.
 */
function macosLinker({ cpu, file: name, macos, rust }, zigLibraries) {
  const host = hostTriple()
  const lld = path.join(ask('rustc', ['--print', 'sysroot']) ?? '', 'lib/rustlib', host ?? '', 'bin/rust-lld')
  if (!existsSync(lld)) throw new Missing('the linker rust-lld is missing: install Rust with rustup')
  const stubs = appleStubs(rust, zigLibraries)
  const script = `#!/bin/bash
args=()
for arg in "$@"; do
  case "$arg" in
    -Wl | -lc | -lm | -nodefaultlibs | -mmacosx-version-min=*) ;;
    -Wl,*) args+=("\${arg#-Wl,}") ;;
    -dynamiclib) args+=(-dylib) ;;
    *) args+=("$arg") ;;
  esac
done
exec ${lld} -flavor darwin -platform_version macos ${macos} ${macos} -x -S -dead_strip_dylibs -adhoc_codesign -L ${stubs} -F ${stubs} "\${args[@]}" -install_name @rpath/${name}
`
  const file = path.join(root, 'target/tools/release', `link-darwin-${cpu}`)
  writeFileSync(file, script, { mode: 0o755 })
  return file
}

/** What Rust's own builds put beside the standard library for Windows, and Debian's sources have too. */
function startFiles({ folder, env }, { rust }) {
  const sources = readdirSync(path.join(folder, 'usr/src')).find((name) => name.startsWith('rustc-'))
  const libraries = path.join(folder, 'usr/lib/rustlib', rust, 'lib')
  mkdirSync(libraries, { recursive: true })
  for (const name of ['rsbegin', 'rsend']) {
    const file = path.join(libraries, `${name}.o`)
    if (existsSync(file)) continue
    const source = path.join(folder, 'usr/src', sources, 'library/rtstartup', `${name}.rs`)
    const settings = ['RUSTC_BOOTSTRAP=1', `LD_LIBRARY_PATH=${env.LD_LIBRARY_PATH}`]
    const args = ['--target', rust, '--edition', '2024', '-Cpanic=abort', '--crate-type', 'lib', '--emit=obj']
    if (ask('env', [...settings, env.RUSTC, ...args, '-o', file, source]) === undefined) {
      throw new Error(`${source} does not compile`)
    }
  }
}

/** The build wants the library of Node.js for Windows, and takes nothing from it: functions are found when it is loaded. */
function emptyLibnode(ar) {
  const folder = path.join(root, 'target/tools/release/libnode')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'libnode.dll'), '')
  if (ask(ar, ['crs', path.join(folder, 'libnode.dll.a')]) === undefined) throw new Error(`${ar} does not run`)
  return folder
}

const upper = (triple) => triple.toUpperCase().replaceAll('-', '_')
