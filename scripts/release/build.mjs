// npm run release:build [-- platform …]: every package, as it is published, into target/release-packages.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ask } from '../run.mjs'
import { setupTools } from '../setup.mjs'
import { glibcOf, problemsOf, readBinary } from './binary.mjs'
import { compile } from './compile.mjs'
import { PACKAGE, packageName, writeMainFolder, writePlatformFolder } from './folders.mjs'
import { Manifest } from './manifest.mjs'
import { linkedCrates, noticeOfLua } from './notices.mjs'
import { pack, sha256 } from './pack.mjs'
import { tryPackages } from './smoke.mjs'
import { tableOf } from './table.mjs'
import { OUTPUT, TARGETS, targetsNamed } from './targets.mjs'
import { Missing } from './toolbox.mjs'

const inOutput = (...parts) => path.join(OUTPUT, ...parts)

/**
 * Carries it out; resolves with the exit code. All that can be built is built, whatever of the rest fails. Where platforms are
 * named, what is there of the others stays: each package says of which commit it is.
 */
async function main(names) {
  const targets = names.length > 0 ? targetsNamed(names) : TARGETS
  await setupTools()
  // Before it takes an hour.
  const source = { commit: ask('git', ['rev-parse', 'HEAD']), isClean: ask('git', ['status', '--porcelain']) === '' }
  const all = [...TARGETS.map(packageName), PACKAGE.name]
  const manifest = new Manifest(OUTPUT, { version: PACKAGE.version, names: all, isKept: names.length > 0 })
  writeMainFolder(inOutput('moonpool'))
  manifest.put({ ...pack(inOutput('moonpool'), OUTPUT), ...source })
  let hasFailed = false
  for (const target of targets) {
    const name = packageName(target)
    const start = performance.now()
    try {
      const built = await platform(target)
      const seconds = Math.round((performance.now() - start) / 1000)
      manifest.put({ ...built, ...source, seconds })
      console.log(`built: ${name} (${seconds} s)`)
    } catch (error) {
      manifest.put({ name, reason: error.message, ...source })
      console.error(`not built: ${name}: ${error.message}`)
      hasFailed ||= names.length > 0 || !(error instanceof Missing)
    }
  }
  console.log(`\n${tableOf(manifest.content)}\n\nThe packages are in ${OUTPUT}; manifest.json there says what each is.`)
  return hasFailed ? 1 : 0
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
  const tried = await tryPackages(target, inOutput('moonpool'), folder)
  writePlatformFolder(folder, target, { ...content, ran: tried.ran })
  const binary = readBinary(bytes)
  const addon = { file: target.file, bytes: bytes.length, sha256: sha256(path.join(folder, target.file)) }
  const needs = { glibc: glibcOf(binary), macos: binary.macos, libraries: binary.libraries }
  return { ...pack(folder, OUTPUT), addon, needs, ...tried }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(`release:build: ${error.message}`)
  process.exitCode = 1
}
