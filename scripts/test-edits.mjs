// npm run test:edits: takes each edit to Lua out in turn, and demands that the test it names fails then.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './run.mjs'

const FOLDER = path.join(root, 'crates/lua/build/edits')
/** How long a build may take on a busy machine. One that hangs says nothing of an edit. */
const PATIENCE_TO_BUILD = 900_000
/** A test that hangs without its edit has failed. */
const PATIENCE = 60_000

function edits() {
  const sources = readdirSync(FOLDER).map((file) => readFileSync(path.join(FOLDER, file), 'utf8'))
  const found = sources.flatMap((source) => [...source.matchAll(/name: "([^"]+)"[\s\S]*?proof: "([^"]+)"/g)])
  return found.map(([, name, proof]) => ({ name, proof }))
}

/** Runs cargo; whether it succeeded in time. In a group of its own, to be killed with what hangs. */
function cargo(args, without, patience) {
  const env = { ...process.env, CARGO_TARGET_DIR: path.join(root, 'target/without'), MOONPOOL_LUA_WITHOUT: without }
  const child = spawn('cargo', args, { cwd: root, env, stdio: 'ignore', detached: true })
  let late = false
  const stop = () => {
    late = true
    process.kill(-child.pid, 'SIGKILL')
  }
  const timer = setTimeout(stop, patience)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ ok: code === 0, late }))
  }).finally(() => clearTimeout(timer))
}

const PACKAGE = ['-p', 'moonpool-lua', '--features', 'stock', '--locked']

/** Whether the edit's test fails, or nothing compiles, without it. */
async function isProven({ name, proof }) {
  // Any test program will do to see whether the library links.
  const [file, test] = proof === 'build' ? ['safepoints'] : proof.split('::')
  const program = ['test', ...PACKAGE, '--test', file]
  const build = await cargo([...program, '--no-run'], name, PATIENCE_TO_BUILD)
  if (build.late) throw new Error(`the build without ${name} took more than ${PATIENCE_TO_BUILD / 1000} s`)
  if (!test) return !build.ok
  return build.ok && !(await cargo([...program, '--', '--exact', test], name, PATIENCE)).ok
}

const wanted = process.argv.slice(2)
const chosen = edits().filter(({ name }) => wanted.length === 0 || wanted.includes(name))
const unproven = []
for (const edit of chosen) {
  const proven = await isProven(edit)
  console.log(`${proven ? 'proven  ' : 'UNPROVEN'} ${edit.name} (${edit.proof})`)
  if (!proven) unproven.push(edit)
}
console.log(`${chosen.length - unproven.length} passed, ${unproven.length} failed`)
process.exitCode = unproven.length === 0 ? 0 : 1
