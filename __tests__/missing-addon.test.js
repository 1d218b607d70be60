// The package as it is published: works with an addon that is its own, and says what to do where it has none.
'use strict'

const { readFileSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { napi, version } = require('../package.json')
const { PLATFORMS, platformName } = require('../lib/platform')
const { ROOT, runProgram } = require('./support/child')
const { ADDON, FILE, PACKAGE, addonPackage, installed, requiring } = require('./support/installed')

const ROWS = { 'apple-darwin': 'darwin', 'unknown-linux': 'linux', 'pc-windows': 'win32' }

/** The name of the addon for a target of Rust, as the build gives it. */
function nameOf(target) {
  const [, cpu, system, abi] = /^(\w+?)-(\w+-\w+)(?:-(\w+))?$/.exec(target)
  return [ROWS[system], { x86_64: 'x64', aarch64: 'arm64' }[cpu], abi].filter(Boolean).join('-')
}

test('the platforms are the targets of the build, and each is required by its name', () => {
  expect([...PLATFORMS].sort()).toEqual(napi.targets.map(nameOf).sort())
  const source = readFileSync(path.join(ROOT, 'lib/addon.js'), 'utf8')
  const required = [...source.matchAll(/case '([^']+)':\s+return require\('([^']+)'\)/g)].map(([, ...both]) => both)
  expect(required).toEqual([
    ...PLATFORMS.map((name) => [name, `../${napi.binaryName}.${name}.node`]),
    ...PLATFORMS.map((name) => [name, `${napi.packageName}-${name}`]),
  ])
})

test('the addon has the version of the package', () => {
  expect(require(ADDON).version()).toBe(version)
  expect(readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8')).toContain(`\nversion = "${version}"\n`)
})

test.each([
  ['in a package', () => addonPackage({ to: ADDON })],
  ['in a clone', () => ({ [FILE]: { to: ADDON } })],
])('its files and the addon %s are all that it needs', async (_, files) => {
  const folder = installed(files())
  const { stdout } = await runProgram(`require(${JSON.stringify(folder)}).runLua('return 1', 'x').then(console.log)`)
  expect(stdout).toBe('1\n')
})

/** Code by which a process seems to run on this platform. */
const seems = (platform, arch) =>
  `Object.defineProperties(process, {
    platform: { value: '${platform}', configurable: true }, arch: { value: '${arch}', configurable: true }
  })`

const SUPPORTED = [
  ['darwin', 'arm64', 'darwin-arm64'],
  ['darwin', 'x64', 'darwin-x64'],
  ['linux', 'arm64', 'linux-arm64-(gnu|musl)'],
  ['linux', 'x64', 'linux-x64-(gnu|musl)'],
  ['win32', 'x64', 'win32-x64-msvc'],
]

const UNSUPPORTED = [
  ['freebsd', 'x64', 'freebsd-x64'],
  ['win32', 'arm64', 'win32-arm64-msvc'],
  ['linux', 'riscv64', 'linux-riscv64-(gnu|musl)'],
  ['aix', 'ppc64', 'aix-ppc64'],
]

/** What each platform throws, by its names, where no addon is. */
const thrown = new Map()
let plain

beforeAll(async () => {
  plain = installed()
  const platforms = [...SUPPORTED, ...UNSUPPORTED]
  const packages = platforms.map(([platform, arch]) => ({ folder: plain, before: seems(platform, arch) }))
  const errors = await requiring([{ folder: plain }, ...packages])
  for (const [i, error] of errors.entries()) thrown.set(platforms[i - 1]?.slice(0, 2).join(' ') ?? 'here', error)
})

describe('without an addon', () => {
  test('requiring it throws ERR_ADDON_MISSING, which names the package and what to do', () => {
    const error = thrown.get('here')
    expect(error).toMatchObject({ name: 'Error', code: 'ERR_ADDON_MISSING' })
    expect(error.message).toContain(`the package '${PACKAGE}' is not installed. npm leaves it out with --omit=optional`)
    expect(error.message).toContain(`'npm run build'`)
    expect(error.cause).toMatchObject({ code: 'MODULE_NOT_FOUND' })
    expect(error.cause.message).toContain(`Cannot find module '${PACKAGE}'`)
  })

  test('by import it is the same error', async () => {
    const { stdout } = await runProgram(
      `await import(${JSON.stringify(`file://${plain}/index.mjs`)}).catch((error) => console.log(error.code))`,
      { esm: true },
    )
    expect(stdout).toBe('ERR_ADDON_MISSING\n')
  })

  test('the error names addons of other platforms that are installed instead', async () => {
    const others = PLATFORMS.filter((other) => other !== platformName()).slice(0, 2)
    const [first, second] = others.map((other) => `@moonpool/binding-${other}`)
    const files = [first, second, '@moonpool/binding-sunos-x64'].map((name) => addonPackage('', { name }))
    const [error] = await requiring([{ folder: installed(Object.assign({}, ...files)) }])
    expect(error.code).toBe('ERR_ADDON_MISSING')
    expect(error.message).toContain(`Installed is '${first}', '${second}': node_modules comes from another platform`)
  })

  test.each(SUPPORTED)('on %s %s it looks for the one of that platform', (platform, arch, name) => {
    const { message, cause } = thrown.get(`${platform} ${arch}`)
    const [, found] = /'@moonpool\/binding-([\w-]+)' is not installed/.exec(message)
    expect(found).toMatch(new RegExp(`^${name}$`))
    expect(cause.message).toContain(`Cannot find module '@moonpool/binding-${found}'`)
  })
})

describe('on a platform without addons', () => {
  test.each(UNSUPPORTED)('%s %s: ERR_ADDON_UNSUPPORTED names it and those with one', (platform, arch, name) => {
    const error = thrown.get(`${platform} ${arch}`)
    expect(error).toMatchObject({ name: 'Error', code: 'ERR_ADDON_UNSUPPORTED' })
    expect(error.message).toMatch(new RegExp(`no native addon for ${name}, only for ${PLATFORMS.join(', ')}\\. `))
    expect(error.message).toContain(`'npm run build'`)
    expect(error.cause.code).toBe('MODULE_NOT_FOUND')
  })

  test('one that was built in a clone is taken', async () => {
    const folder = installed({ 'moonpool.freebsd-x64.node': { to: ADDON } })
    const [{ keys }] = await requiring([{ folder, before: seems('freebsd', 'x64') }])
    expect(keys).toContain('runLua')
  })
})

test('in a bundle of Bun, in which what is not there throws an error without a code, the package is found', async () => {
  const file = path.join(ROOT, 'lib/addon.js')
  const bundled = readFileSync(file, 'utf8').replace(
    /require\('(\.\.\/moonpool[^']+)'\)/g,
    `(() => { throw new Error('Cannot require module ' + '$1') })()`,
  )
  const folder = installed(addonPackage({ to: ADDON }))
  writeFileSync(path.join(folder, 'lib/addon.js'), bundled)
  const [{ keys }] = await requiring([{ folder }])
  expect(keys).toContain('runLua')
})

test('an addon of another version: ERR_ADDON_VERSION names both, and what to do', async () => {
  const standIn = (source) => ({ folder: installed(addonPackage(source, { file: 'index.js' })) })
  const clone = installed({ [FILE]: { to: ADDON } })
  const [older, silent, stale] = await requiring([
    standIn(`exports.version = () => '0.0.9'`),
    standIn('exports.NativeEngine = class {}'),
    { folder: clone, before: `require(${JSON.stringify(`${clone}/package.json`)}).version = '9.9.9'` },
  ])
  for (const error of [older, silent, stale]) expect(error).toMatchObject({ name: 'Error', code: 'ERR_ADDON_VERSION' })
  expect(older.message).toContain(`moonpool ${version} needs a native addon of the same version`)
  expect(older.message).toContain(`'${PACKAGE}' is version 0.0.9. Delete node_modules and the lock file`)
  expect(silent.message).toContain(`'${PACKAGE}' says no version`)
  expect(stale.message).toMatch(/^moonpool 9\.9\.9 needs /)
  expect(stale.message).toContain(`but ${FILE} is version ${version}. Build it again: 'npm run build'`)
})
