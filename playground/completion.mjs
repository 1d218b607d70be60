// Completion and hints: the names that every VM has, and those that stand in the script.
import { NAMES } from './names.mjs'

const KEYWORDS =
  'and break do else elseif end false for function goto if in local nil not or repeat return then true until while'

/** Names in comments and strings are none: nor do they matter much. */
const IS_WORD = /[A-Za-z_]\w*/g
const MAX_SCANNED = 100_000

const globals = NAMES.filter(({ name }) => !name.includes('.')).map((entry) => optionOf(entry, entry.name))
const keywords = KEYWORDS.split(' ').map((label) => ({ label, type: 'keyword', boost: -1 }))

const members = new Map()
for (const entry of NAMES) {
  const [library, member] = entry.name.split('.')
  if (member) members.set(library, [...(members.get(library) ?? []), optionOf(entry, member)])
}
/** What may stand behind a colon: the methods of strings, which are the only ones that are known. */
const methods = (members.get('string') ?? []).filter(({ type }) => type === 'function')

const byName = new Map(NAMES.map((entry) => [entry.name, entry]))

function optionOf(entry, label) {
  const type = entry.signature ? 'function' : 'variable'
  return { label, type, detail: entry.signature, info: entry.doc ? () => docElement(entry, false) : undefined }
}

function docElement({ name, signature = '', returns, doc }, isWhole) {
  const box = document.createElement('div')
  box.className = 'doc'
  if (isWhole) line(box, 'code', `${name}${signature}`)
  if (returns) line(box, 'code', `→ ${returns}`)
  if (doc) line(box, 'p', doc)
  return box
}

function line(box, kind, text) {
  const node = document.createElement(kind)
  node.textContent = text
  box.append(node)
}

/** A source of completions for CodeMirror. */
export function completions(context) {
  const before = context.matchBefore(/(?:[A-Za-z_]\w*\s*[.:]\s*)?[A-Za-z_]?\w*/)
  const [, table, mark] = /^([A-Za-z_]\w*)\s*([.:])/.exec(before.text) ?? []
  const from = before.from + before.text.length - /\w*$/.exec(before.text)[0].length
  if (table) {
    const options = mark === ':' ? methods : (members.get(table) ?? [])
    return options.length > 0 ? { from, options, validFor: /^\w*$/ } : null
  }
  if (from === context.pos && !context.explicit) return null
  return { from, options: [...globals, ...keywords, ...wordsIn(context, from)], validFor: /^\w*$/ }
}

/** The other names that stand in the script. */
function wordsIn({ state, pos }, from) {
  const known = new Set([...globals, ...keywords].map(({ label }) => label))
  const found = new Set()
  for (const { 0: word, index } of state.sliceDoc(0, MAX_SCANNED).matchAll(IS_WORD)) {
    if (word.length > 1 && !known.has(word) && !(index === from && index <= pos)) found.add(word)
  }
  return [...found].map((label) => ({ label, type: 'text', boost: -2 }))
}

/** What is known of the name at a place. */
export function hoverOf(state, at) {
  const { from, text } = state.doc.lineAt(at)
  for (const { 0: path, index } of text.matchAll(/[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/g)) {
    const [begin, end] = [from + index, from + index + path.length]
    if (at < begin || at > end) continue
    const entry = byName.get(path)
    return entry ? { pos: begin, end, above: true, create: () => ({ dom: docElement(entry, true) }) } : null
  }
  return null
}
