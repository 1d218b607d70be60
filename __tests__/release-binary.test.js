// What is looked at in an addon before it is published, with addons that have something wrong with them.
'use strict'

const { execFile } = require('node:child_process')
const { readFileSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { promisify } = require('node:util')
const { ROOT, runNode } = require('./support/child')
const { folderWith } = require('./support/files')
const { machO, pe } = require('./support/binaries')
const { describeIf } = require('./support/test-if')

const ENTRY = 'void *napi_register_module_v1(void *env, void *exports) { return exports; }'
const OLD = 'int getpid(void); int old(void) { return getpid(); }'
const NEWER = 'int getentropy(void *, unsigned long); int newer(void *p) { return getentropy(p, 1); }'

/** Addons for Linux, in C: each with what is said of it. */
const IN_C = {
  good: { code: `${ENTRY}\n${OLD}`, problems: [] },
  'needs a newer glibc': { code: `${ENTRY}\n${NEWER}`, problems: ['it needs glibc 2.25, and may need 2.17 at most'] },
  'has no entry': {
    code: OLD,
    problems: ['it does not export napi_register_module_v1, by which Node.js begins'],
  },
  'is linked with Node.js': {
    code: `${ENTRY}\n${OLD}\nint napi_throw(void); int raise(void) { return napi_throw(); }`,
    problems: ['it is linked with napi_throw instead of finding it when it is loaded'],
  },
  'finds what is newer than version 8': {
    code: `${ENTRY}\n${OLD}\nconst char *wanted = "node_api_symbol_for"; const char *own = "node_api_module_get_api_version_v1";`,
    problems: ['it names node_api_symbol_for, which is newer than version 8 of Node-API'],
  },
  'has a folder of this machine in it': {
    code: `${ENTRY}\n${OLD}\nconst char *file = "${ROOT}/src/lib.rs";`,
    problems: [`it has the path '${ROOT}/src/lib.rs' in it`],
  },
  'has a folder of a registry in it': {
    code: `${ENTRY}\n${OLD}\nconst char *file = "/c/registry/src/example-0123/url-1.0.0/src/lib.rs";`,
    problems: [`it has the path '/registry/src/example-0123/url-1.0.0/src/lib.rs' in it`],
  },
  'has its symbols': { code: `${ENTRY}\n${OLD}`, flags: [], problems: ['it is not stripped of its symbols'] },
  'needs a library': {
    code: `${ENTRY}\n${OLD}`,
    flags: ['-s', '-Wl,--no-as-needed', '-lresolv'],
    problems: ['it needs the library libresolv.so.2, which not every system has'],
  },
}

const CPU = os.arch()
const HERE = `linux-${CPU}-gnu`
const MUSL = `linux-${CPU}-musl`
const OTHER = `linux-${CPU === 'x64' ? 'arm64' : 'x64'}-gnu`
const isGlibc =
  process.platform === 'linux' &&
  ['x64', 'arm64'].includes(CPU) &&
  process.report.getReport().header.glibcVersionRuntime

/** What is said of each of these, in one process: `[name, platform, bytes]`. */
async function problems(cases) {
  const folder = folderWith()
  const given = cases.map(([name, target, bytes], i) => {
    writeFileSync(path.join(folder, `${i}`), bytes)
    return { name, target }
  })
  const source = `
    import { readFileSync } from 'node:fs'
    import { problemsOf } from './scripts/release/binary.mjs'
    import { targetsNamed } from './scripts/release/targets.mjs'
    const said = ${JSON.stringify(given)}.map(({ name, target }, i) =>
      [name, problemsOf(targetsNamed([target])[0], readFileSync('${folder}/' + i))])
    console.log(JSON.stringify(Object.fromEntries(said)))`
  const { stdout, stderr } = await runNode(['--input-type=module', '--eval', source])
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

async function compiled({ code, flags = ['-s'] }) {
  const folder = folderWith({ 'addon.c': code })
  const file = path.join(folder, 'addon.node')
  await promisify(execFile)('cc', ['-shared', '-fPIC', '-o', file, path.join(folder, 'addon.c'), ...flags])
  return readFileSync(file)
}

describeIf(isGlibc)('an addon for Linux', () => {
  let said

  beforeAll(async () => {
    const made = Object.entries(IN_C).map(async ([name, addon]) => [name, HERE, await compiled(addon)])
    const cases = await Promise.all(made)
    const good = cases[0][2]
    said = await problems([
      ...cases,
      ['musl', MUSL, good],
      ['cpu', OTHER, good],
      ['system', 'darwin-arm64', good],
      ['cut', HERE, good.subarray(0, 2000)],
      ['large', HERE, Buffer.concat([good, Buffer.alloc(2 ** 24)])],
      ['text', HERE, Buffer.from('#!/bin/sh\n')],
      ['empty', HERE, Buffer.alloc(0)],
    ])
  })

  test.each(Object.entries(IN_C))('%s', (name, { problems }) => {
    expect(said[name]).toEqual(problems)
  })

  test('of glibc is none for musl', () => {
    expect(said.musl[0]).toMatch(/^it needs glibc 2\.[\d.]+, and is to be for musl$/)
  })

  test('of another processor or system', () => {
    const [cpu, system] = [OTHER.split('-')[1], 'Mach-O on arm64']
    expect(said.cpu).toEqual([`it is for ELF on ${CPU}, and is to be for ELF on ${cpu}`])
    expect(said.system).toEqual([`it is for ELF on ${CPU}, and is to be for ${system}`])
  })

  test('that is too large', () => {
    expect(said.large).toEqual([expect.stringMatching(/^it has \d{8} bytes, and may have 16777216$/)])
  })

  test.each(['cut', 'text', 'empty'])('that is none: %s', (name) => {
    expect(said[name]).toEqual(['it is no ELF file that can be read'])
  })
})

describe('an addon for another system', () => {
  const NAPI = ['napi_register_module_v1']
  let said

  beforeAll(async () => {
    const win = (parts) => ['win32-x64-msvc', pe({ libraries: { 'KERNEL32.dll': ['Sleep'] }, exports: NAPI, ...parts })]
    const system = { libraries: ['/usr/lib/libSystem.B.dylib'], exports: NAPI, imports: ['malloc'], isSigned: true }
    const mac = (parts) => ['darwin-arm64', machO({ ...system, ...parts })]
    said = await problems([
      ['PE', ...win({})],
      ['PE without an entry', ...win({ exports: ['main'] })],
      ['PE with a library', ...win({ libraries: { 'libgcc_s_seh-1.dll': ['_Unwind_Resume'] } })],
      ['PE linked', ...win({ libraries: { 'KERNEL32.dll': ['napi_throw'] } })],
      ['PE with symbols', ...win({ symbols: 7 })],
      ['Mach-O', ...mac({})],
      ['Mach-O without an entry', ...mac({ exports: ['main'] })],
      ['Mach-O with a library', ...mac({ libraries: ['@rpath/libz.dylib'] })],
      ['Mach-O linked', ...mac({ imports: ['napi_throw'] })],
      ['Mach-O that hides nothing', ...mac({ exports: [...NAPI, ...Array.from({ length: 32 }, (_, i) => `f${i}`)] })],
      ['Mach-O with symbols', ...mac({ locals: ['hidden'] })],
      ['Mach-O for a newer system', ...mac({ macos: [13, 3] })],
      ['Mach-O without a signature', ...mac({ isSigned: false })],
      ['Mach-O changed after it was signed', ...mac({ changed: true })],
    ])
  })

  const LINKED = 'it is linked with napi_throw instead of finding it when it is loaded'
  const NO_ENTRY = 'it does not export napi_register_module_v1, by which Node.js begins'
  test.each([
    ['PE', []],
    ['PE without an entry', [NO_ENTRY]],
    ['PE with a library', ['it needs the library libgcc_s_seh-1.dll, which not every system has']],
    ['PE linked', [LINKED]],
    ['PE with symbols', ['it is not stripped of its symbols']],
    ['Mach-O', []],
    ['Mach-O without an entry', [NO_ENTRY]],
    ['Mach-O with a library', ['it needs the library @rpath/libz.dylib, which not every system has']],
    ['Mach-O linked', [LINKED]],
    ['Mach-O that hides nothing', ['it exports 33 functions, and may export 32']],
    ['Mach-O with symbols', ['it is not stripped of its symbols']],
    ['Mach-O for a newer system', ['it needs macOS 13.3, and may need 11.0 at most']],
    ['Mach-O without a signature', ['it is not signed, and macOS on arm64 loads nothing that is not']],
    ['Mach-O changed after it was signed', ['it was changed after it was signed, and macOS loads nothing of the kind']],
  ])('%s', (name, problems) => {
    expect(said[name]).toEqual(problems)
  })
})
