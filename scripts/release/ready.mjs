// Whether what was built may be published: versions, tag, changelog and packages agree.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { ask, root } from '../run.mjs'
import { packageName } from './folders.mjs'
import { sha256 } from './pack.mjs'
import { OUTPUT, TARGETS } from './targets.mjs'
import { TRIED } from './trial/record.mjs'
import { wholeProblems } from './whole.mjs'

const read = (file) => readFileSync(path.join(root, file), 'utf8')

/** What is wrong, a sentence each; an empty list when nothing is. `manifest` is that of `npm run release:build`. */
export function notReady(manifest, version) {
  return [
    ...versionProblems(version),
    ...changelogProblems(version),
    ...gitProblems(manifest, version),
    ...packageProblems(manifest, version),
    ...trialProblems(manifest),
  ]
}

/** The packages in the order in which they are published: whoever gets the main one finds its addons. */
export function inOrder({ packages }) {
  const names = TARGETS.map(packageName)
  return [
    ...packages.filter(({ name }) => names.includes(name)),
    ...packages.filter(({ name }) => !names.includes(name)),
  ]
}

function versionProblems(version) {
  const lock = JSON.parse(read('package-lock.json'))
  const found = [
    ['package-lock.json', lock.version],
    ['package-lock.json, in packages', lock.packages[''].version],
    ['Cargo.toml', /^version = "(.*)"$/m.exec(read('Cargo.toml'))?.[1]],
    ...[...read('Cargo.lock').matchAll(/^name = "(moonpool[\w-]*)"\nversion = "(.*)"$/gm)].map(([, name, its]) => [
      `Cargo.lock, for ${name}`,
      its,
    ]),
  ]
  const others = found.filter(([, its]) => its !== version)
  return others.map(([place, its]) => `package.json has version ${version}, and ${place} ${its}`)
}

function changelogProblems(version) {
  const [, unreleased = '', rest = ''] = /^## \[Unreleased\]\n([\s\S]*?)(^## [\s\S]*)/m.exec(
    `${read('CHANGELOG.md')}\n## `,
  )
  const dated = rest.match(/^## \[(.+?)\] - (\d{4}-\d{2}-\d{2})$/m)
  const problems = unreleased.trim() === '' ? [] : ['CHANGELOG.md has changes under [Unreleased]']
  if (dated?.[1] !== version) return [...problems, `CHANGELOG.md does not go on with '## [${version}] - YYYY-MM-DD'`]
  const today = new Date().toISOString().slice(0, 10)
  return dated[2] <= today
    ? problems
    : [...problems, `CHANGELOG.md says that ${version} is of ${dated[2]}, and today is ${today}`]
}

function gitProblems({ packages }, version) {
  const head = ask('git', ['rev-parse', 'HEAD'])
  const tags = ask('git', ['tag', '--points-at', 'HEAD'])?.split('\n') ?? []
  return [
    ...(tags.includes(`v${version}`) ? [] : [`this commit has no tag v${version}`]),
    ...(ask('git', ['status', '--porcelain']) === '' ? [] : ['there are changes that are not committed']),
    ...packages
      .filter(({ commit }) => commit !== head)
      .map(({ name, commit }) => `${name} was built from commit ${commit}, and this is ${head}`),
    ...packages
      .filter(({ isClean }) => !isClean)
      .map(({ name }) => `${name} was built from changes that were not committed`),
  ]
}

function packageProblems({ packages }, version) {
  const wanted = [...TARGETS.map(packageName), 'moonpool']
  const absent = wanted.filter((name) => !packages.some((one) => one.name === name))
  const main = path.join(OUTPUT, 'moonpool/package.json')
  return [
    ...absent.map((name) => `${name} was not built`),
    ...packages.filter(({ name }) => !wanted.includes(name)).map(({ name }) => `${name} is no package of this project`),
    ...packages
      .filter((one) => one.version !== version)
      .map((one) => `${one.name} was built in version ${one.version}`),
    ...packages.filter(isOther).map(({ tarball }) => `${tarball} is not the file that was built`),
    ...(existsSync(main) ? wholeProblems(JSON.parse(readFileSync(main, 'utf8'))) : [`${main} is not there`]),
  ]
}

/** These very tarballs, everywhere. */
function trialProblems({ packages }) {
  const tried = existsSync(TRIED) ? JSON.parse(readFileSync(TRIED, 'utf8')) : {}
  const isTried = ({ tarball, sha256 }) => tried[tarball] === sha256
  return packages.every(isTried) ? [] : ['not all of these packages were tried: run npm run release:test']
}

function isOther(one) {
  const file = path.join(OUTPUT, one.tarball)
  return !existsSync(file) || sha256(file) !== one.sha256
}
