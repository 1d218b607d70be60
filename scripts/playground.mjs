// Builds the page of `moonpool serve` into lib/cli/serve/page, unless it is there and newer than all that it is made of.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { newestOf } from './newest.mjs'
import { namesIn } from './playground/names.mjs'
import { noticesOf } from './playground/notices.mjs'
import { root } from './run.mjs'

const SOURCES = path.join(root, 'playground')
const PAGE = path.join(root, 'lib/cli/serve/page')
const TYPES = path.join(root, 'types/moonpool.lua')

/** What the page is made of. */
const INPUTS = [SOURCES, TYPES, path.join(root, 'package-lock.json'), path.join(root, 'scripts/playground')]

/** Brings the page up to date; silent when it is. The development tools must be installed. */
export async function buildPlayground() {
  if (isFresh()) return
  console.error('set-up: building the page of the playground')
  // Another process may do this at the same time.
  const folder = path.join(PAGE, `.${process.pid}`)
  mkdirSync(folder, { recursive: true })
  try {
    await buildInto(folder)
    // The page itself last: with it, all is there.
    const names = readdirSync(folder).sort((a, b) => Number(a === 'index.html') - Number(b === 'index.html'))
    for (const name of names) renameSync(path.join(folder, name), path.join(PAGE, name))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function isFresh() {
  const page = path.join(PAGE, 'index.html')
  return existsSync(page) && statSync(page).mtimeMs >= newestOf(INPUTS)
}

async function buildInto(folder) {
  const { build } = await import('esbuild')
  const target = ['chrome111', 'firefox113', 'safari16.4']
  const common = { absWorkingDir: root, bundle: true, minify: true, target, logLevel: 'warning' }
  const { metafile } = await build({
    ...common,
    entryPoints: [path.join(SOURCES, 'main.mjs')],
    outfile: path.join(folder, 'page.js'),
    format: 'esm',
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    plugins: [
      given({
        './names.mjs': `export const NAMES = ${JSON.stringify(namesIn(readFileSync(TYPES, 'utf8')))}`,
        './examples.mjs': `export const EXAMPLES = ${JSON.stringify(examples())}`,
      }),
    ],
  })
  await build({ ...common, entryPoints: [path.join(SOURCES, 'style.css')], outfile: path.join(folder, 'page.css') })
  writeFileSync(path.join(folder, 'THIRD-PARTY-NOTICES.md'), noticesOf(Object.keys(metafile.inputs)))
  copyFileSync(path.join(SOURCES, 'icon.svg'), path.join(folder, 'icon.svg'))
  // New, so that it is newer than what it was made of.
  writeFileSync(path.join(folder, 'index.html'), readFileSync(path.join(SOURCES, 'index.html')))
}

/** Modules that are no files, by name. */
function given(modules) {
  return {
    name: 'given',
    setup(build) {
      build.onResolve({ filter: /^\.\// }, ({ path: name }) => {
        return Object.hasOwn(modules, name) ? { path: name, namespace: 'given' } : undefined
      })
      build.onLoad({ filter: /.*/, namespace: 'given' }, ({ path: name }) => ({ contents: modules[name] }))
    },
  }
}

/** The examples, in the order of their files' names: `03-state.lua` is called State. */
function examples() {
  const folder = path.join(SOURCES, 'examples')
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const [, name] = /^\d+-(.*)\.lua$/.exec(file)
      const title = `${name[0].toUpperCase()}${name.slice(1).replaceAll('-', ' ')}`
      return { title, code: readFileSync(path.join(folder, file), 'utf8') }
    })
}
