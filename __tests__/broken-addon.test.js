// An addon that is there and cannot be loaded: the error begins with what the system says, and then says what to do.
'use strict'

const { spawnSync } = require('node:child_process')
const { readFileSync } = require('node:fs')
const path = require('node:path')
const { folderWith } = require('./support/files')
const { ADDON, FILE, PACKAGE, addonPackage, installed, requiring } = require('./support/installed')
const { runNode } = require('./support/child')
const { testIf } = require('./support/test-if')

/** The addon with some of its text changed, to another text of the same length. */
function patched(from, to) {
  expect(to).toHaveLength(from.length)
  const bytes = readFileSync(ADDON)
  for (let at = bytes.indexOf(from); at !== -1; at = bytes.indexOf(from, at + 1)) bytes.write(to, at, 'latin1')
  return bytes
}

/** The newest version of glibc that the addon needs, as `GLIBC_2.34`. */
const newest = () =>
  readFileSync(ADDON, 'latin1')
    .match(/GLIBC_2\.\d\d(?=\0)/g)
    .sort()
    .at(-1)

const DAMAGED = 'The file is damaged, or made for another platform: delete node_modules'

/** What is installed; what the system says of it; what to do. */
const CASES = [
  ['an empty file', () => addonPackage(''), 'file too short', DAMAGED],
  ['a text file', () => addonPackage('version https://git-lfs.github.com/spec/v1\n'.repeat(50)), FILE, DAMAGED],
  ['a package whose file is gone', () => addonPackage(undefined), path.join(PACKAGE, FILE), 'Delete node_modules'],
  [
    'a broken file in a clone, beside a good package',
    () => ({ [FILE]: '', ...addonPackage({ to: ADDON }) }),
    FILE,
    DAMAGED,
  ],
  [
    'a library that is no addon',
    () => addonPackage(patched('napi_register_module_v1\0', 'napi_register_nothing__\0')),
    'Module did not self-register',
    'Delete node_modules',
  ],
]

const GLIBC_CASES = [
  [
    'one that needs a newer glibc',
    () => addonPackage(patched(`${newest()}\0`, 'GLIBC_2.99\0')),
    "GLIBC_2.99' not found",
    'The C library of this system is older than the addon needs',
  ],
  [
    'one for the other C library',
    () => addonPackage(patched('libgcc_s.so.1\0', 'libc.musl-x.1\0')),
    'libc.musl-x.1: cannot open shared object file',
    'The addon was built for another C library, musl or glibc',
  ],
]

const ALL = FILE.endsWith('-gnu.node') ? [...CASES, ...GLIBC_CASES] : CASES

/** That the error begins with what the system or the runtime says. */
function checkLoadError(error) {
  expect(error).toMatchObject({ name: 'Error', code: 'ERR_ADDON_LOAD' })
  const said = error.cause.message.split('\nRequire stack:')[0].replace(/\s+/g, ' ').replace(/\.$/, '')
  expect(error.message.startsWith(`moonpool's native addon could not be loaded: ${said}`)).toBe(true)
  return said
}

let errors

beforeAll(async () => {
  errors = await requiring(ALL.map(([, files]) => ({ folder: installed(files()) })))
})

test.each(ALL.map(([name, , says, advice], i) => [name, says, advice, i]))('%s', (_, says, advice, i) => {
  expect(checkLoadError(errors[i])).toContain(says)
  expect(errors[i].message).toContain(`. ${advice}`)
})

const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'

test.each([
  ['--permission without --allow-addons', [PERMISSION, '--allow-fs-read=*']],
  ['--no-addons', ['--no-addons']],
])('%s', async (_, args) => {
  const [error] = await requiring([{ folder: installed(addonPackage({ to: ADDON })) }], args)
  checkLoadError(error)
  expect(error.cause.code).toBe('ERR_DLOPEN_DISABLED')
  expect(error.message).toContain('Start Node.js with --allow-addons, if with --permission, and without --no-addons')
})

test('--permission with --allow-addons loads it', async () => {
  const args = [PERMISSION, '--allow-fs-read=*', '--allow-addons']
  const [{ keys }] = await requiring([{ folder: installed(addonPackage({ to: ADDON })) }], args)
  expect(keys).toContain('runLua')
})

/** Mounts a file system from which nothing may be executed, which is gone with the process: by root, or by its own root. */
const MOUNT = 'mount -t tmpfs -o noexec,size=64m moonpool-test "$1"'
const unshare = [['--mount'], ['--mount', '--map-root-user']].find(
  (how) => spawnSync('unshare', [...how, 'sh', '-c', MOUNT, 'sh', folderWith()]).status === 0,
)

testIf(unshare !== undefined)('a file system mounted with noexec (where one can be mounted)', async () => {
  const [folder, elsewhere] = [installed({ node_modules: null }), installed(addonPackage({ to: ADDON }), [])]
  const [mounted, from] = [folder, elsewhere].map((of) => path.join(of, 'node_modules'))
  const source = `try { require(process.argv[1]) } catch ({ code, message }) { console.log(code, message) }`
  const script = `${MOUNT} && cp -rL "$2/." "$1" && exec "$3" --eval "$4" "$5"`
  const { stdout } = spawnSync(
    'unshare',
    [...unshare, 'sh', '-c', script, 'sh', mounted, from, process.execPath, source, folder],
    { encoding: 'utf8' },
  )
  expect(stdout).toMatch(/^ERR_ADDON_LOAD .* could not be loaded: .*: failed to map segment from shared object/)
  expect(stdout).toContain('The file system may be mounted with noexec')
})

test('the command line says it in one sentence, and ends with 1', async () => {
  const folder = installed(addonPackage(''), ['index.js', 'lib'])
  const program = path.join(folder, 'lib/cli/moonpool.js')
  const { exitCode, stderr } = await runNode([program, 'run', '-'])
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(/^error: moonpool's native addon could not be loaded: .*file too short\. .*\n$/)
  expect((await runNode([program, '--version'])).exitCode).toBe(0)
})
