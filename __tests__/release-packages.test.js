// The packages as they are published: what each says of itself, and when they may not be published.
'use strict'

const { execFileSync } = require('node:child_process')
const { createHash } = require('node:crypto')
const { cpSync, readFileSync, readdirSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { PLATFORMS } = require('../lib/platform')
const own = require('../package.json')
const { ROOT, runNode } = require('./support/child')
const { folderWith } = require('./support/files')

const NAMES = PLATFORMS.map((name) => `@moonpool/binding-${name}`)
const PINNED = Object.fromEntries(NAMES.map((name) => [name, own.version]))

describe('package.json', () => {
  let packages
  let main

  beforeAll(async () => {
    const source = `
      import { mainPackage, platformPackage, readmeOf } from './scripts/release/folders.mjs'
      import { TARGETS } from './scripts/release/targets.mjs'
      const packages = TARGETS.map((one) => ({ ...platformPackage(one), tried: readmeOf(one, 'Linux'), untried: readmeOf(one) }))
      console.log(JSON.stringify({ packages, main: mainPackage() }))`
    const { stdout, stderr } = await runNode(['--input-type=module', '--eval', source])
    if (stdout === '') throw new Error(stderr)
    ;({ packages, main } = JSON.parse(stdout))
  })

  test('of each platform is for its system, processor and C library only', () => {
    const found = packages.map(({ name, os, cpu, libc }) => [name, os, cpu, libc])
    expect(found).toEqual([
      ['@moonpool/binding-darwin-arm64', ['darwin'], ['arm64'], undefined],
      ['@moonpool/binding-darwin-x64', ['darwin'], ['x64'], undefined],
      ['@moonpool/binding-linux-arm64-gnu', ['linux'], ['arm64'], ['glibc']],
      ['@moonpool/binding-linux-arm64-musl', ['linux'], ['arm64'], ['musl']],
      ['@moonpool/binding-linux-x64-gnu', ['linux'], ['x64'], ['glibc']],
      ['@moonpool/binding-linux-x64-musl', ['linux'], ['x64'], ['musl']],
      ['@moonpool/binding-win32-x64-msvc', ['win32'], ['x64'], undefined],
    ])
  })

  test('of each platform has the version, the licence and the file that is looked for', () => {
    for (const [i, platform] of packages.entries()) {
      const { version, license, repository, engines } = own
      expect(platform).toMatchObject({ version, license, repository, engines, main: `moonpool.${PLATFORMS[i]}.node` })
      expect(platform.files).toEqual([platform.main, 'THIRD-PARTY-NOTICES.md'])
      expect(platform.scripts).toBeUndefined()
    }
  })

  test('goes with a README that says whether the addon has been run', () => {
    for (const { name, tried, untried } of packages) {
      expect(tried).toContain(`# ${name}\n`)
      expect(tried).toContain('It has run Lua on Linux')
      expect(untried).toContain('has not been run')
    }
  })

  test('of the main package names every addon in its own version, and runs nothing', () => {
    expect(main.optionalDependencies).toEqual(PINNED)
    expect(main).toMatchObject({ name: own.name, version: own.version, exports: own.exports, bin: own.bin })
    for (const field of ['scripts', 'devDependencies', 'jest', 'napi']) expect(main[field]).toBeUndefined()
    expect(main.files).toEqual(expect.arrayContaining(['docs', 'types', 'index.d.ts', 'lib']))
  })
})

describe('npm publish in a folder', () => {
  const only = async (changes) => {
    const folder = folderWith({
      'package.json': JSON.stringify({ name: 'moonpool', version: own.version, ...changes }),
    })
    return runNode([path.join(ROOT, 'scripts/release/only-whole.mjs')], { cwd: folder })
  }

  test('is let through with every addon', async () => {
    expect(await only({ optionalDependencies: PINNED })).toMatchObject({ exitCode: 0, stderr: '' })
  })

  test.each([
    ['none', {}, NAMES],
    ['one less', { optionalDependencies: { ...PINNED, [NAMES[3]]: undefined } }, [NAMES[3]]],
    ['one of another version', { optionalDependencies: { ...PINNED, [NAMES[1]]: `^${own.version}` } }, [NAMES[1]]],
  ])('is refused with %s', async (_, changes, wrong) => {
    const { exitCode, stderr } = await only(changes)
    expect(exitCode).toBe(1)
    expect(NAMES.filter((name) => stderr.includes(`${name} in version`))).toEqual(wrong)
    expect(stderr).toContain('npm run release')
  })

  test('is refused with a script that runs when it is installed', async () => {
    const { exitCode, stderr } = await only({ optionalDependencies: PINNED, scripts: { postinstall: 'node x.js' } })
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`the script 'postinstall'`)])
  })
})

test('a crate without a file of its terms: MIT with its authors, else an error', async () => {
  const folder = folderWith({
    'bare/Cargo.toml': '',
    'both/LICENSE-MIT': 'this\r\n',
    'both/LICENSE-APACHE': 'that',
    'inner/src/tables/LICENSE-UNICODE': 'tables',
    'inner/tests/LICENSE': 'not built',
    'inner/COPYING': 'inner',
  })
  const crate = (name, license) => ({
    ...{ name, version: '1.0.0', license, authors: ['Ada <ada@example.org>', 'Grace'] },
    manifest_path: path.join(folder, name, 'Cargo.toml'),
  })
  const crates = [
    crate('bare', 'MIT'),
    crate('bare', 'ISC'),
    crate('both', 'MIT OR Apache-2.0'),
    crate('both', 'Apache-2.0'),
    crate('inner', 'ISC'),
  ]
  const source = `
    import { textsOf } from './scripts/release/notices.mjs'
    const said = ${JSON.stringify(crates)}.map((crate) => {
      try { return textsOf(crate) } catch (error) { return error.message }
    })
    console.log(JSON.stringify(said))`
  const { stdout, stderr } = await runNode(['--input-type=module', '--eval', source])
  expect(stderr).toBe('')
  const [mit, none, choice, all, inner] = JSON.parse(stdout)
  expect(mit).toEqual([expect.stringMatching(/^Copyright \(c\) Ada, Grace\n\nPermission is hereby granted/)])
  expect(none).toBe('the crate bare 1.0.0 has no file with its terms')
  expect([choice, all.sort(), inner.sort()]).toEqual([['this'], ['that', 'this'], ['inner', 'tables']])
})

describe('the manifest of npm run release:build', () => {
  const run = async (folder, source) => {
    const { stdout, stderr } = await runNode([
      '--input-type=module',
      '--eval',
      `import { Manifest } from './scripts/release/manifest.mjs'
      import { tableOf } from './scripts/release/table.mjs'
      const open = (version, isKept) =>
        new Manifest('${folder}', { version, names: ['one', 'two', 'main'], isKept })
      ${source}`,
    ])
    if (stderr !== '') throw new Error(stderr)
    return stdout
  }
  const there = (folder) => readdirSync(folder).sort()

  test('keeps what was built before where some packages are built, and nothing of a package that fails', async () => {
    const folder = path.join(folderWith({ 'p/1.tgz': '', 'p/2.tgz': '' }), 'p')
    const said = await run(
      folder,
      `const first = open('1.0.0', true)
      first.put({ name: 'main', tarball: 'm.tgz' })
      first.put({ name: 'two', tarball: '2.tgz' })
      first.put({ name: 'one', tarball: '1.tgz' })
      const { writeFileSync } = await import('node:fs')
      for (const tarball of ['m.tgz', '1.tgz', '2.tgz']) writeFileSync('${folder}/' + tarball, '')
      const second = open('1.0.0', true)
      second.put({ name: 'one', tarball: '1.tgz', again: true })
      second.put({ name: 'two', reason: 'broken' })
      console.log(JSON.stringify(second.content))`,
    )
    const wanted = {
      version: '1.0.0',
      packages: [
        { name: 'one', tarball: '1.tgz', again: true },
        { name: 'main', tarball: 'm.tgz' },
      ],
      notBuilt: [{ name: 'two', reason: 'broken' }],
    }
    expect(JSON.parse(said)).toEqual(wanted)
    expect(JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'))).toEqual(wanted)
    expect(there(folder)).toEqual(['1.tgz', 'm.tgz', 'manifest.json'])
  })

  test.each([
    ['where all are built', '1.0.0', false],
    ['of another version', '1.0.1', true],
  ])('keeps nothing %s', async (_, version, isKept) => {
    const folder = path.join(folderWith({ 'p/old.tgz': '' }), 'p')
    await run(folder, `open('1.0.0', true).put({ name: 'one', tarball: '1.tgz' })`)
    const said = await run(folder, `console.log(JSON.stringify(open('${version}', ${isKept}).content))`)
    expect(JSON.parse(said)).toEqual({ version, packages: [], notBuilt: [] })
    expect(there(folder)).toEqual([])
  })

  test('is said as a table: what was run, what was not and why, and what is missing', async () => {
    const packages = [
      { name: 'one', bytes: 2_000_000, addon: {}, needs: { glibc: '2.17' }, ran: 'Linux' },
      { name: 'two', bytes: 1_960_000, addon: {}, needs: { macos: '11.0' }, notRun: 'this is Linux' },
      { name: 'main', bytes: 300_000 },
    ]
    const notBuilt = [{ name: 'three', reason: 'no zig\nat all' }]
    const said = await run(folderWith(), `console.log(tableOf(${JSON.stringify({ packages, notBuilt })}))`)
    expect(said.split('\n')).toEqual([
      'package  packed  checked           run',
      'one      2.0 MB  needs glibc 2.17  Linux',
      'two      2.0 MB  needs macOS 11.0  not run: this is Linux',
      'main     0.3 MB  -                 -',
      'three    -       -                 not built: no zig',
      '',
    ])
  })
})

describe('npm run release', () => {
  const DATE = '2026-01-02'
  const git = (folder, ...args) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      cwd: folder,
      encoding: 'utf8',
    })

  /** A clone in which all is ready; `change` makes it otherwise. What `npm run release -- --dry-run` says there. */
  async function released(change = () => {}, args = ['--dry-run']) {
    const folder = folderWith({ '.gitignore': 'target/\n', 'target/release-packages/moonpool': null })
    for (const file of [
      'scripts/run.mjs',
      'scripts/release',
      'lib/platform.js',
      'Cargo.lock',
      'Cargo.toml',
      'LICENSE',
    ]) {
      cpSync(path.join(ROOT, file), path.join(folder, file), { recursive: true })
    }
    for (const file of ['package.json', 'package-lock.json']) cpSync(path.join(ROOT, file), path.join(folder, file))
    const output = path.join(folder, 'target/release-packages')
    const packages = ['moonpool', ...NAMES].map((name, i) => {
      writeFileSync(path.join(output, `${i}.tgz`), name)
      const sha256 = createHash('sha256').update(name).digest('hex')
      return { name, version: own.version, tarball: `${i}.tgz`, sha256, isClean: true }
    })
    const state = {
      folder,
      output,
      manifest: { packages },
      main: { ...own, scripts: {}, optionalDependencies: PINNED },
    }
    state.tried = Object.fromEntries(packages.map(({ tarball, sha256 }) => [tarball, sha256]))
    state.changelog = `# Changelog\n\n## [Unreleased]\n\n## [${own.version}] - ${DATE}\n\n### Added\n\n- it\n`
    state.tag = `v${own.version}`
    change(state)
    writeFileSync(path.join(folder, 'CHANGELOG.md'), state.changelog)
    git(folder, 'init', '--quiet')
    git(folder, 'add', '.')
    git(folder, 'commit', '--quiet', '--message', 'all')
    git(folder, 'tag', state.tag)
    const commit = git(folder, 'rev-parse', 'HEAD').trim()
    state.manifest.packages = state.manifest.packages.map((one) => ({ commit, ...one }))
    writeFileSync(path.join(output, 'manifest.json'), JSON.stringify(state.manifest))
    writeFileSync(path.join(output, 'tried.json'), JSON.stringify(state.tried))
    writeFileSync(path.join(output, 'moonpool/package.json'), JSON.stringify(state.main))
    state.last?.()
    return runNode([path.join(folder, 'scripts/release/release.mjs'), ...args], { cwd: folder })
  }

  test('publishes the addons first, and the main package last', async () => {
    const { exitCode, stdout, stderr } = await released()
    expect([exitCode, stderr]).toEqual([0, ''])
    const lines = stdout.trim().split('\n')
    const names = lines.map(
      (line) => /^would publish (\S+)@[\d.]+: npm publish .*\.tgz --provenance --access public/.exec(line)[1],
    )
    expect(names).toEqual([...NAMES, 'moonpool'])
  })

  const replace = (state, file, from, to) => {
    const text = readFileSync(path.join(state.folder, file), 'utf8')
    writeFileSync(path.join(state.folder, file), text.replace(from, to))
  }

  test.each([
    ['no tag', (state) => Object.assign(state, { tag: 'v9.9.9' }), `no tag v${own.version}`],
    [
      'a changelog without the version',
      (state) => Object.assign(state, { changelog: '## [Unreleased]\n\n## [0.0.1] - 2026-01-01\n' }),
      `'## [${own.version}] - YYYY-MM-DD'`,
    ],
    [
      'changes that have no version',
      (state) => Object.assign(state, { changelog: state.changelog.replace('ed]\n', 'ed]\n\n- new\n') }),
      'changes under [Unreleased]',
    ],
    [
      'a date to come',
      (state) => Object.assign(state, { changelog: state.changelog.replace(DATE, '2999-01-01') }),
      'is of 2999-01-01',
    ],
    [
      'crates of another version',
      (state) => replace(state, 'Cargo.toml', `version = "${own.version}"`, 'version = "9.9.9"'),
      'and Cargo.toml 9.9.9',
    ],
    [
      'a lock file of another version',
      (state) => replace(state, 'package-lock.json', `"version": "${own.version}"`, '"version": "9.9.9"'),
      'and package-lock.json 9.9.9',
    ],
    [
      'a package of another commit',
      (state) => Object.assign(state.manifest.packages[2], { commit: 'abc' }),
      `${NAMES[1]} was built from commit abc`,
    ],
    [
      'a package of what was not committed',
      (state) => Object.assign(state.manifest.packages[1], { isClean: false }),
      `${NAMES[0]} was built from changes that were not committed`,
    ],
    [
      'changes that are not committed',
      (state) => Object.assign(state, { last: () => writeFileSync(path.join(state.folder, 'new'), '') }),
      'changes that are not committed',
    ],
    ['an addon that was not built', (state) => state.manifest.packages.splice(3, 1), `${NAMES[2]} was not built`],
    [
      'a tarball that was changed',
      (state) => writeFileSync(path.join(state.output, '2.tgz'), 'other'),
      '2.tgz is not the file that was built',
    ],
    [
      'a package that was built after the others were tried',
      (state) => Object.assign(state.tried, { '3.tgz': state.tried['2.tgz'] }),
      'not all of these packages were tried: run npm run release:test',
    ],
    [
      'a main package without an addon',
      (state) => Object.assign(state, { main: { ...state.main, optionalDependencies: {} } }),
      `has ${NAMES[0]} in version none`,
    ],
  ])('refuses %s', async (_, change, words) => {
    const { exitCode, stdout, stderr } = await released(change)
    expect([exitCode, stdout]).toEqual([1, ''])
    expect(stderr).toContain(words)
  })

  test('refuses an option that it does not have', async () => {
    const { exitCode, stderr } = await released(undefined, ['--force'])
    expect([exitCode, stderr]).toEqual([1, `release: there is no option '--force', only --dry-run\n`])
  })
})
