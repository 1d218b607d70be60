// The workflows of CI and of releases: what they call is there, on every platform, and nothing in them can change unseen.
'use strict'

const { existsSync, readdirSync, readFileSync } = require('node:fs')
const path = require('node:path')
const { load } = require('js-yaml')
const { PLATFORMS } = require('../lib/platform')
const { scripts } = require('../package.json')
const { ROOT } = require('./support/child')

const FOLDER = path.join(ROOT, '.github/workflows')
const read = (file) => readFileSync(path.join(FOLDER, file), 'utf8')
const workflow = (file) => load(read(file))
const FILES = readdirSync(FOLDER)

const stepsOf = (file) => Object.values(workflow(file).jobs).flatMap(({ steps = [] }) => steps)
const commandsOf = (file) => stepsOf(file).flatMap(({ run }) => run ?? [])

describe.each(FILES)('%s', (file) => {
  test('runs only scripts of package.json and files that are there', () => {
    const commands = commandsOf(file).join('\n')
    const named = [...commands.matchAll(/\bnpm (?:run )?([a-z][\w:]*)/g)].map(([, name]) => name)
    const files = [...commands.matchAll(/\bscripts\/[\w/.-]+/g)].map(([name]) => name)
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((name) => !(name in scripts))).toEqual([])
    expect(files.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([])
  })

  test('takes every action of others at one commit, and says which version that is', () => {
    const lines = read(file).match(/^.*\buses: .*$/gm)
    const pinned =
      /uses: (\.\/\.github\/workflows\/[\w-]+\.yml|[\w-]+\/[\w-]+@[0-9a-f]{40} # (v\d+\.\d+\.\d+|master of \S+))$/
    expect(lines.filter((line) => !pinned.test(line))).toEqual([])
  })

  test('keeps no token in the repository that it checks out', () => {
    const checkouts = stepsOf(file).filter(({ uses = '' }) => uses.startsWith('actions/checkout@'))
    expect(checkouts.length).toBeGreaterThan(0)
    expect(checkouts.filter((step) => step.with['persist-credentials'] !== false)).toEqual([])
  })

  test('ends each job in time', () => {
    const endless = Object.entries(workflow(file).jobs).filter(([, job]) => job.steps && !job['timeout-minutes'])
    expect(endless.map(([name]) => name)).toEqual([])
  })
})

test('CI tests on every platform that has an addon', () => {
  const tested = Object.values(workflow('ci.yml').jobs).flatMap(({ strategy }) =>
    (strategy?.matrix.include ?? []).map(({ platform }) => platform),
  )
  expect([...new Set(tested)].sort()).toEqual(PLATFORMS)
})

test('a tag alone publishes, after CI, and what is published has its provenance', () => {
  const { on, jobs, permissions } = workflow('release.yml')
  expect(on).toEqual({ push: { tags: ['v*'] } })
  expect(permissions).toEqual({ contents: 'read' })
  const publishing = Object.entries(jobs).filter(([, { steps = [] }]) =>
    steps.some(({ run }) => run === 'npm run release'),
  )
  expect(publishing.map(([name]) => name)).toEqual(['publish'])
  expect(jobs.publish.needs).toEqual(expect.arrayContaining(['ci', 'build', 'try']))
  expect(jobs.publish.permissions).toEqual({ contents: 'read', 'id-token': 'write' })
  expect(Object.keys(jobs).filter((name) => name !== 'publish' && jobs[name].permissions)).toEqual([])
})
