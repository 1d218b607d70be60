// Follows the recipe of CONTRIBUTING.md: its Rust goes into a copy of the crates, and the test that it adds must pass.
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { collect, root } from '../run.mjs'

const FOLDER = path.join(root, 'target/docs-recipe')
/** What the recipe changes, and all else that cargo needs to know the workspace. */
const COPIED = ['crates/core', 'Cargo.toml', 'Cargo.lock', 'build.rs']
const LINKED = ['crates/lua', 'src']

/** Resolves with whether the copy compiles with all snippets, and the added tests pass. */
export async function checkRecipe(snippets) {
  if (snippets.length === 0) return true
  makeCopy()
  for (const snippet of snippets) apply(snippet)
  const tests = snippets.filter(isTest)
  if (tests.length === 0) throw new Error(`${snippets[0].place}: a recipe without a test proves nothing`)
  let good = true
  for (const test of tests) good = (await passes(test)) && good
  return good
}

/** Folders keep their times only when they are linked, and cargo compiles Lua anew when those change. */
function makeCopy() {
  const places = (part) => [path.join(root, part), path.join(FOLDER, part)]
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(path.join(FOLDER, 'crates'), { recursive: true })
  for (const part of COPIED) cpSync(...places(part), { recursive: true, preserveTimestamps: true })
  for (const part of LINKED) symlinkSync(...places(part), 'junction')
}

const isTest = ({ code }) => code.startsWith('#[test]')

/** The text before a snippet names its file, and for an entry the table that it goes into. */
function apply({ code, before, place }) {
  const file = path.join(FOLDER, last(before, /`(crates\/[^`]+\.rs)`/g) ?? unclear(place, 'names no file'))
  const text = readFileSync(file, 'utf8')
  const changed = code.startsWith('(')
    ? withEntry(text, code, last(before, /table `(\w+)`/g), place)
    : `${text}\n${code}`
  writeFileSync(file, changed)
}

function withEntry(text, code, table, place) {
  const start = text.search(new RegExp(`^const ${table ?? unclear(place, 'names no table')}: `, 'm'))
  const end = start < 0 ? -1 : text.indexOf('\n];', start)
  if (end < 0) unclear(place, `means a table ${table} that is not there`)
  return `${text.slice(0, end + 1)}${code}${text.slice(end + 1)}`
}

function last(text, pattern) {
  return [...text.matchAll(pattern)].at(-1)?.[1]
}

function unclear(place, what) {
  throw new Error(`${place}: the text before this snippet ${what}`)
}

/**
 * In the target folder that the other builds use: only the crates themselves are compiled anew. With an option of their own,
 * so that cargo does not take what comes of them for what comes of the real ones.
 */
async function passes({ code, before, place }) {
  const [, crate, program] = /crates\/(\w+)\/tests\/(\w+)\.rs/.exec(last(before, /`(crates\/[^`]+\.rs)`/g)) ?? []
  const name = /^fn (\w+)\(/m.exec(code)[1]
  const own = ['--config', `profile.dev.package.moonpool-${crate}.codegen-units=255`]
  const args = ['test', ...own, '--workspace', '--test', program, '--locked', '--quiet', '--', '--exact', name]
  const { exitCode, output } = await collect('cargo', args, {
    cwd: FOLDER,
    env: { CARGO_TARGET_DIR: path.join(root, 'target') },
  })
  if (exitCode === 0 && /^test result: ok\. 1 passed/m.test(output)) return true
  console.error(`${place}: with this recipe, the test ${name} does not pass\n${output}`)
  return false
}
