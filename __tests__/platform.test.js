// Which addon a process looks for: on Linux, by the C library that it uses, whatever of the system it may ask.
'use strict'

const path = require('node:path')
const { platformName } = require('../lib/platform')
const { runNode } = require('./support/child')
const { folderWith } = require('./support/files')

/** A program of 64 bits that asks for this dynamic linker; without one, for none. */
function program(linker) {
  const bytes = Buffer.alloc(400)
  bytes.write('\x7fELF\x02\x01', 'latin1')
  bytes.writeBigUInt64LE(64n, 32)
  bytes.writeUInt16LE(56, 54)
  bytes.writeUInt16LE(2, 56)
  bytes.writeUInt32LE(1, 64)
  bytes.writeUInt32LE(linker ? 3 : 2, 120)
  bytes.writeBigUInt64LE(300n, 128)
  bytes.writeUInt32LE(linker.length + 1, 152)
  bytes.write(linker, 300, 'latin1')
  return bytes
}

const folder = folderWith({
  musl: program('/lib/ld-musl-x86_64.so.1'),
  glibc: program('/lib64/ld-linux-x86-64.so.2'),
  nix: program('/nix/store/3n58xw4373jp0ljirf06d8077j15pc4j-glibc-2.40/lib/ld-linux-x86-64.so.2'),
  static: program(''),
  short: Buffer.from('\x7fELF\x02\x01', 'latin1'),
  script: '#!/bin/sh\nexec node "$@"\n',
})

const LDD = {
  musl: '#!/bin/sh\nexec /lib/ld-musl-x86_64.so.1 --list "$@"\n',
  glibc: '#! /bin/bash\n# This file is part of the GNU C Library.\n',
  other: '#!/bin/sh\nexit 1\n',
}

const MUSL = { header: {}, sharedObjects: ['/lib/ld-musl-x86_64.so.1'] }
const GLIBC = { header: { glibcVersionRuntime: '2.36' }, sharedObjects: [] }
const at = (name) => path.join(folder, name)

/** What a program, its `ldd` and its report lead to; what is not given is forbidden. */
const CASES = [
  ['the program decides: musl', 'musl', { execPath: at('musl'), ldd: LDD.glibc, report: GLIBC }],
  ['the program decides: glibc', 'gnu', { execPath: at('glibc'), ldd: LDD.musl, report: MUSL }],
  ['glibc may be anywhere', 'gnu', { execPath: at('nix'), ldd: LDD.musl }],
  ['a program without a linker: ldd says musl', 'musl', { execPath: at('static'), ldd: LDD.musl, report: GLIBC }],
  ['a program that is cut off: ldd says glibc', 'gnu', { execPath: at('short'), ldd: LDD.glibc, report: MUSL }],
  ['a script instead of a program: ldd says musl', 'musl', { execPath: at('script'), ldd: LDD.musl }],
  ['a program that is not there: ldd says musl', 'musl', { execPath: at('none'), ldd: LDD.musl }],
  ['a program that must not be read: ldd says musl', 'musl', { ldd: LDD.musl }],
  ['an ldd that says nothing: the report says musl', 'musl', { ldd: LDD.other, report: MUSL }],
  ['no ldd: the report says musl', 'musl', { report: MUSL }],
  ['no ldd: the report says glibc', 'gnu', { report: GLIBC }],
  ['a report of something else', 'gnu', { report: { header: {}, sharedObjects: [] } }],
  ['a report without what is expected', 'gnu', { report: {} }],
  ['all is forbidden', 'gnu', {}],
]

/** What another process says that it runs on, in each of the cases. */
const SOURCE = `
  const fs = require('node:fs')
  const { platformName } = require('./lib/platform')
  let now
  const { readFileSync } = fs
  const allowed = (what) => {
    if (what === undefined) throw new Error('forbidden')
    return what
  }
  fs.readFileSync = (file, ...rest) => (file === '/usr/bin/ldd' ? allowed(now.ldd) : readFileSync(file, ...rest))
  const report = { excludeNetwork: false, getReport: () => now.report }
  Object.defineProperties(process, {
    platform: { value: 'linux' },
    arch: { value: 'x64' },
    execPath: { get: () => allowed(now.execPath) },
    report: { get: () => now.report && report },
  })
  const found = ${JSON.stringify(CASES)}.map(([, , what]) => {
    now = what
    return platformName()
  })
  console.log(JSON.stringify({ found, isRestored: !report.excludeNetwork }))
`

let told

beforeAll(async () => {
  const { stdout } = await runNode(['--eval', SOURCE])
  told = JSON.parse(stdout)
})

test.each(CASES.map(([name, library], i) => [name, library, i]))('%s: %s', (_, library, i) => {
  expect(told.found[i]).toBe(`linux-x64-${library}`)
})

test('the report of the process is as it was', () => {
  expect(told.isRestored).toBe(true)
})

test('in this process nothing is forbidden, and Node.js says the same', () => {
  const { glibcVersionRuntime } = process.report.getReport().header
  const library = { linux: glibcVersionRuntime ? '-gnu' : '-musl', win32: '-msvc' }[process.platform] ?? ''
  expect(platformName()).toBe(`${process.platform}-${process.arch}${library}`)
})
