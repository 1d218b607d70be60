// The folders that become packages: one for each addon, and the main one.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../run.mjs'
import { noticesFor } from './notices.mjs'
import { TARGETS } from './targets.mjs'

/** package.json of the repository. */
export const PACKAGE = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

/** The name of the package with the addon of a target. */
export const packageName = ({ name }) => `${PACKAGE.napi.packageName}-${name}`

const NOTICES = 'THIRD-PARTY-NOTICES.md'

/** What package.json of a platform package says. */
export function platformPackage(target) {
  const { version, license, repository, engines } = PACKAGE
  return {
    name: packageName(target),
    version,
    description: `The native addon of moonpool for ${target.words}`,
    license,
    repository,
    engines,
    os: [target.os],
    cpu: [target.cpu],
    ...(target.libc ? { libc: [target.libc] } : {}),
    main: target.file,
    files: [target.file, NOTICES],
    publishConfig: { access: 'public' },
  }
}

/** What package.json of the main package says: that of the repository, without what only the repository needs. */
export function mainPackage() {
  const { scripts, devDependencies, jest, napi, ...kept } = PACKAGE
  return { ...kept, optionalDependencies: Object.fromEntries(TARGETS.map((one) => [packageName(one), kept.version])) }
}

/** Where the project is. */
const HOME = PACKAGE.repository.url.replace(/^git\+|\.git$/g, '')

/** `ran` says on what the addon has been run, if it has been. */
export function readmeOf(target, ran) {
  const tried = ran
    ? `It has run Lua on ${ran} before it was packed.`
    : 'It was built on another system, and has not been run on this one before it was packed.'
  return [
    `# ${packageName(target)}`,
    `This is the native addon of [moonpool](${HOME}) for ${target.words}. Do not install it by yourself: npm takes the right one when it installs \`moonpool\`. ${tried} [${NOTICES}](${NOTICES}) has the notices of what is linked into it.\n`,
  ].join('\n\n')
}

/** Writes the folder of a platform package anew. */
export function writePlatformFolder(folder, target, { addon, crates, lua, ran }) {
  write(folder, {
    'package.json': json(platformPackage(target)),
    'README.md': readmeOf(target, ran),
    LICENSE: readFileSync(path.join(root, 'LICENSE')),
    [NOTICES]: noticesFor(target, crates, lua),
    [target.file]: addon,
  })
}

/** Writes the folder of the main package anew. */
export function writeMainFolder(folder) {
  write(folder, { 'package.json': json(mainPackage()) })
  for (const file of [...PACKAGE.files, 'README.md', 'LICENSE']) {
    cpSync(path.join(root, file), path.join(folder, file), { recursive: true })
  }
}

function write(folder, files) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content)
}

const json = (value) => `${JSON.stringify(value, null, 2)}\n`
