// Runs the JavaScript examples of the documents, which must print what they say, and compiles the TypeScript ones, against
// the built package.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { collect, root, run, tool } from '../run.mjs'

// Inside the repository, so that 'moonpool' resolves to it by its own package.json.
const FOLDER = path.join(root, 'target/docs')
const TSCONFIG = {
  compilerOptions: { strict: true, noEmit: true, target: 'es2022', module: 'nodenext', types: ['node'] },
  include: ['*.mts'],
}

/** Resolves with whether every example runs. As many at once as there are cores. */
export async function checkJavaScript(examples) {
  prepare()
  const waiting = examples.values()
  const wrong = []
  const inTurn = async () => {
    for (const example of waiting) if (!(await runs(example))) wrong.push(example)
  }
  await Promise.all(Array.from({ length: os.availableParallelism() }, inTurn))
  return wrong.length === 0
}

/** Resolves with whether every example compiles. */
export async function checkTypeScript(examples) {
  if (examples.length === 0) return true
  prepare()
  for (const { name, code } of examples) writeFileSync(path.join(FOLDER, `${name}.mts`), `${code}\nexport {}\n`)
  writeFileSync(path.join(FOLDER, 'tsconfig.json'), JSON.stringify(TSCONFIG))
  return (await run(...tool('typescript/bin/tsc', '-p', FOLDER))) === 0
}

function prepare() {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
}

/** What an example prints is shown only when it fails, or prints something else than stands behind its `console.log`. */
async function runs(example) {
  const { name, text } = programOf(example)
  const program = path.join(FOLDER, name)
  writeFileSync(program, text)
  const { exitCode, output } = await collect(process.execPath, [program])
  const missing = said(example).filter((text) => !`\n${output}`.includes(`\n${text}\n`))
  if (exitCode === 0 && missing.length === 0) return true
  const what = exitCode === 0 ? `does not print\n${missing.join('\n')}\nbut prints` : 'fails'
  console.error(`${example.place}: this example ${what}\n${output}`)
  return false
}

/** What an example says that its lines print. */
function said({ code }) {
  const comments = [...code.matchAll(/console\.log\(.* \/\/ (.+)$/gm)]
  return comments.map(([, text]) => text.replaceAll('\\n', '\n').replaceAll('\\t', '\t'))
}

/** An example with require() may use `await`, which CommonJS has in functions only. */
function programOf({ code, name }) {
  if (/^ *import /m.test(code)) return { name: `${name}.mjs`, text: code }
  return { name: `${name}.cjs`, text: `(async () => {\n${code}\n})()` }
}
