// The documents as the package has them: every link leads to a file in the package, and the index has every page once.
'use strict'

const { existsSync, readdirSync, readFileSync, statSync } = require('node:fs')
const path = require('node:path')
const { files } = require('../package.json')
const { ROOT } = require('./support/child')

const read = (page) => readFileSync(path.join(ROOT, page), 'utf8')
const pagesIn = (folder) =>
  readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)

/** Where the links of a page lead to, from the root, each with its anchor. Those to other hosts are left out. */
const linksOf = (page) =>
  [
    ...read(page)
      .replace(/^```[\s\S]*?^```/gm, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file, anchor] = target.split('#')
      return { file: file === '' ? page : path.posix.join(path.posix.dirname(page), file), anchor }
    })

/** npm packs these whatever `files` says. */
const ALWAYS = ['README.md', 'LICENSE', 'package.json']
const isPacked = (file) => [...ALWAYS, ...files].some((packed) => file === packed || file.startsWith(`${packed}/`))

/** The anchors of a page, as GitHub makes them of its headings. */
const anchorsOf = (page) =>
  [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

const PAGES = ['README.md', ...pagesIn('docs'), ...pagesIn('docs/decisions')]

test.each(PAGES)('%s: its links lead to files of the package, and to headings', (page) => {
  const wrong = linksOf(page).filter(({ file, anchor }) => {
    if (!existsSync(path.join(ROOT, file)) || !isPacked(file)) return true
    const isPage = file.endsWith('.md') && statSync(path.join(ROOT, file)).isFile()
    return anchor !== undefined && isPage && !anchorsOf(file).includes(anchor)
  })
  expect(wrong).toEqual([])
})

test('the index has each page once', () => {
  const listed = linksOf('docs/README.md')
    .map(({ file }) => file)
    .filter((file) => file.startsWith('docs/'))
  const pages = pagesIn('docs').filter((page) => page !== 'docs/README.md')
  expect(listed.sort()).toEqual([...pages, 'docs/decisions/README.md'].sort())
})

test('the index of decisions has each once', () => {
  const listed = linksOf('docs/decisions/README.md').map(({ file }) => file)
  const pages = pagesIn('docs/decisions').filter((page) => !page.endsWith('README.md'))
  expect(listed.sort()).toEqual(pages.sort())
})
