// npm run release:build [-- platform …]: every package, as it is published, into target/release-packages.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ask } from '../run.mjs'
import { setupTools } from '../setup.mjs'
import { glibcOf, problemsOf, readBinary } from './binary.mjs'
import { compile } from './compile.mjs'
import { PACKAGE, packageName, writeMainFolder, writePlatformFolder } from './folders.mjs'
import { linkedCrates, noticeOfLua } from './notices.mjs'
import { pack, sha256 } from './pack.mjs'
import { tryPackages } from './smoke.mjs'
import { OUTPUT, TARGETS, targetsNamed } from './targets.mjs'
import { Missing } from './toolbox.mjs'

const inOutput = (...parts) => path.join(OUTPUT, ...parts)

/** Carries it out; resolves with the exit code. All that can be built is built, whatever of the rest fails. */
async function main(names) {
  const targets = names.length > 0 ? targetsNamed(names) : TARGETS
  await setupTools()
  // Before it takes an hour.
  const source = { commit: ask('git', ['rev-parse', 'HEAD']), isClean: ask('git', ['status', '--porcelain']) === '' }
  rmSync(OUTPUT, { recursive: true, force: true })
  mkdirSync(OUTPUT, { recursive: true })
  writeMainFolder(inOutput('moonpool'))
  const packages = []
  const failed = []
  const missing = []
  for (const target of targets) {
    const start = performance.now()
    try {
      packages.push(await platform(target))
      console.log(`built: ${packageName(target)} (${Math.round((performance.now() - start) / 1000)} s)`)
    } catch (error) {
      ;(error instanceof Missing ? missing : failed).push(`${target.name}: ${error.message}`)
      console.error(`not built: ${target.name}: ${error.message}`)
    }
  }
  packages.push(pack(inOutput('moonpool'), OUTPUT))
  const manifest = { version: PACKAGE.version, ...source, packages, notBuilt: [...failed, ...missing] }
  writeFileSync(inOutput('manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  console.log(`${packages.length} packages are in ${OUTPUT}; manifest.json says what they are`)
  return failed.length > 0 || (names.length > 0 && missing.length > 0) ? 1 : 0
}

/** Builds, checks, tries and packs the addon for a target. What is wrong with it is the message of an Error. */
async function platform(target) {
  const crates = linkedCrates(target)
  const bytes = readFileSync(await compile(target))
  const problems = problemsOf(target, bytes)
  if (problems.length > 0) throw new Error(`the addon must not be published:\n${problems.join('\n')}`)
  const folder = inOutput(target.name)
  const content = { addon: bytes, crates, lua: noticeOfLua() }
  writePlatformFolder(folder, target, content)
  const ran = await tryPackages(target, inOutput('moonpool'), folder, inOutput('try'))
  rmSync(inOutput('try'), { recursive: true, force: true })
  writePlatformFolder(folder, target, { ...content, ran })
  const binary = readBinary(bytes)
  const addon = { file: target.file, bytes: bytes.length, sha256: sha256(path.join(folder, target.file)) }
  const needs = { glibc: glibcOf(binary), macos: binary.macos, libraries: binary.libraries }
  return { ...pack(folder, OUTPUT), addon, needs, ran: ran ?? 'nowhere: this machine is another platform' }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(`release:build: ${error.message}`)
  process.exitCode = 1
}
