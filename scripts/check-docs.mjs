// Runs every ```js example of README.md, docs/ and index.d.ts, and compiles every ```ts one, against the built package.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pipe, root, run, tool } from './run.mjs'

// Inside the repository, so that 'moonpool' resolves to it by its own package.json.
const FOLDER = path.join(root, 'target/docs')
const TSCONFIG = {
  compilerOptions: { strict: true, noEmit: true, target: 'es2022', module: 'nodenext', types: ['node'] },
  include: ['*.mts'],
}

function documents() {
  const docs = existsSync(path.join(root, 'docs')) ? readdirSync(path.join(root, 'docs')) : []
  const markdown = docs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)
  return ['README.md', 'index.d.ts', ...markdown]
}

/** The examples of one document: language, text, and where they stand. */
function examplesOf(document) {
  const text = textOf(document)
  return [...text.matchAll(/^ *```(js|ts)\n(.*?)^ *```$/gms)].map(({ 1: language, 2: code, index }) => {
    const line = text.slice(0, index).split('\n').length
    return { language, code, place: `${document}:${line}`, file: `${document.replace('/', '-')}-${line}` }
  })
}

/** In index.d.ts, examples stand in comments. */
function textOf(document) {
  const text = readFileSync(path.join(root, document), 'utf8')
  return document.endsWith('.d.ts') ? text.replace(/^ +\* ?/gm, '') : text
}

/** An example with require() may use `await`, which CommonJS has in functions only. */
function programOf({ code, file }) {
  if (/^ *import /m.test(code)) return { name: `${file}.mjs`, text: code }
  return { name: `${file}.cjs`, text: `(async () => {\n${code}\n})()` }
}

/** What an example prints is shown only when it fails. */
async function runs(example) {
  const { name, text } = programOf(example)
  const program = path.join(FOLDER, name)
  writeFileSync(program, text)
  let output = ''
  const exitCode = await pipe(process.execPath, [program], (piece) => {
    output += piece
  })
  if (exitCode !== 0) console.error(`${example.place}: this example fails\n${output}`)
  return exitCode === 0
}

async function compile(examples) {
  if (examples.length === 0) return true
  for (const { file, code } of examples) writeFileSync(path.join(FOLDER, `${file}.mts`), `${code}\nexport {}\n`)
  writeFileSync(path.join(FOLDER, 'tsconfig.json'), JSON.stringify(TSCONFIG))
  return (await run(...tool('typescript/bin/tsc', '-p', FOLDER))) === 0
}

rmSync(FOLDER, { recursive: true, force: true })
mkdirSync(FOLDER, { recursive: true })
const examples = documents().flatMap(examplesOf)
let good = await compile(examples.filter(({ language }) => language === 'ts'))
for (const example of examples.filter(({ language }) => language === 'js')) good = (await runs(example)) && good
console.log(`${examples.length} examples checked`)
process.exitCode = good ? 0 : 1
