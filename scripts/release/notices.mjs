// The notices that go along with an addon: of Lua, of Rust's standard library, and of each crate that is linked into it.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { capture, root } from '../run.mjs'

/** Files of a crate that say what one may do with it. */
const IS_NOTICE = /^(licen[cs]e|copying|copyright|notice|unlicense)/i
/** Folders of a crate that are not built. */
const NOT_BUILT = /^(tests?|benches|examples|target|\..*)$/

const LLVM = 'under the Apache License 2.0 with the LLVM exceptions, which ask for no notice in binaries.'
const GCC = 'under the GPL 3 with the GCC Runtime Library Exception, which asks for no notice in programs.'
/** What is linked beside crates: a sentence each. */
const RUNTIME = {
  linux: `LLVM's libunwind and compiler-rt, ${LLVM}`,
  darwin: `LLVM's compiler-rt, ${LLVM}`,
  win32: `The runtime of mingw-w64, which is in the public domain, and GCC's, ${GCC}`,
}

/** The notices of a target, as Markdown. `crates` are those of `linkedCrates`. */
export function noticesFor(target, crates, lua) {
  const listed = crates.map(({ name, version, license }) => `- ${name} ${version}: ${license}`)
  return [
    '# Third-party notices',
    `The native addon of moonpool for ${target.words} has code of others in it. This is what they ask to be kept with it.`,
    `## Lua\n\n${quoted(lua)}`,
    '## SQLite\n\nIt is in the public domain: its authors disclaim copyright.',
    `## Rust's standard library, and the crates that it is made of\n\n${quoted(`Copyright (c) The Rust Project Contributors\n\n${MIT}`)}`,
    `## Run-time libraries of compilers\n\n${RUNTIME[target.os]}`,
    `## Crates\n\n${listed.join('\n')}`,
    ...noticesByText(crates),
  ]
    .join('\n\n')
    .concat('\n')
}

/** Each text once, below the names of those that ask for it. */
export function noticesByText(packages) {
  const groups = new Map()
  for (const { name, version, texts } of packages) {
    for (const text of texts) groups.set(text, [...(groups.get(text) ?? []), `${name} ${version}`])
  }
  return [...groups].map(([text, names]) => `### ${names.join(', ')}\n\n${quoted(text)}`)
}

/**
 * The crates that are linked into the addon for a target, those of this repository left out. Throws an Error that names a crate
 * whose terms are nowhere to be found.
 */
export function linkedCrates(target) {
  const { packages } = JSON.parse(
    cargo('metadata', '--format-version', '1', '--locked', '--filter-platform', target.rust),
  )
  const tree = cargo(
    ...['tree', '--package', 'moonpool', '--locked', '--target', target.rust, '--edges', 'normal,no-proc-macro'],
    ...['--prefix', 'none', '--format', '{p}', '--no-dedupe'],
  )
  const linked = new Set(tree.split('\n').map((line) => /^(\S+) v(\S+)/.exec(line)?.slice(1).join(' ')))
  return packages
    .filter(({ name, version, source }) => source !== null && linked.has(`${name} ${version}`))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((one) => ({ name: one.name, version: one.version, license: one.license, texts: textsOf(one) }))
}

/** The notice at the end of lua.h. */
export function noticeOfLua() {
  const { packages } = JSON.parse(cargo('metadata', '--format-version', '1', '--locked'))
  const source = packages.find(({ name }) => name === 'lua-src')
  const header = readFileSync(path.join(path.dirname(source.manifest_path), 'lua-5.4.9/lua.h'), 'utf8')
  const notice = /^\* (Copyright \(C\)[\s\S]*?)\n\*{10,}\/$/m.exec(header)?.[1]
  if (notice === undefined) throw new Error('lua.h does not end with the notice of Lua')
  return notice.replace(/^\* ?/gm, '')
}

/** The texts of a crate; where one may choose, those of MIT. */
export function textsOf({ name, version, license, authors, manifest_path: manifest }) {
  const files = noticesIn(path.dirname(manifest))
  const isChoice = /\bMIT\b/.test(license) && / OR |\//.test(license)
  const isOther = (file) => /apache|unlicense|zlib/i.test(path.basename(file))
  const chosen = isChoice && files.some((file) => !isOther(file)) ? files.filter((file) => !isOther(file)) : files
  const texts = chosen.map((file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trim())
  if (texts.length > 0) return [...new Set(texts)]
  if (!/\bMIT\b/.test(license ?? '')) throw new Error(`the crate ${name} ${version} has no file with its terms`)
  const holders = authors.map((author) => author.replace(/ <.*>$/, ''))
  return [`Copyright (c) ${holders.join(', ') || `the authors of ${name}`}\n\n${MIT}`]
}

function noticesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const inner = path.join(folder, entry.name)
    if (entry.isDirectory()) return NOT_BUILT.test(entry.name) ? [] : noticesIn(inner)
    return IS_NOTICE.test(entry.name) && !/\.(rs|c|h|html)$/.test(entry.name) ? [inner] : []
  })
}

const quoted = (text) => `\`\`\`\`text\n${text.trim()}\n\`\`\`\``

function cargo(...args) {
  const { exitCode, stdout } = capture('cargo', args)
  if (exitCode !== 0) throw new Error(`cargo ${args[0]} failed`)
  return stdout
}

/** All of the licence but its first line, as this project has it. */
const MIT = readFileSync(path.join(root, 'LICENSE'), 'utf8').replace(/^[\s\S]*?(?=Permission is hereby)/, '')
