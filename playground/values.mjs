// Shows a value that a script has returned: see lib/cli/serve/shown.js for what it is made of.
import { element } from './dom.mjs'

/** Tables are open down to this level. */
const OPEN = 2

/** So many characters of a small table stand on one line. */
const LINE = 60

export function valueElement(value, level = 0) {
  if (value.type === 'table') return tableElement(value, level)
  const more = value.more === undefined ? undefined : element('i', {}, `… ${value.more} bytes more`)
  const text = value.type === 'string' ? quoted(value) : value.text
  return element('span', { class: `value ${value.type}` }, text, more)
}

const quoted = ({ text, isText }) => (isText ? JSON.stringify(text) : `"${text}"`)

function tableElement({ size, isList, entries, more }, level, name = '') {
  const short = shortOf(isList, entries, more)
  if (short) return element('span', { class: 'value table' }, keyOf(name), ...short)
  const items = entries.map(([key, value]) => {
    const shown = isList ? '' : key
    if (value.type === 'table') return element('li', {}, tableElement(value, level + 1, shown))
    return element('li', {}, keyOf(shown), valueElement(value))
  })
  if (more > 0) items.push(element('li', { class: 'more' }, `${more} more`))
  const count = `${size} ${isList ? (size === 1 ? 'item' : 'items') : size === 1 ? 'field' : 'fields'}`
  const summary = element('summary', {}, keyOf(name), `{ ${count} }`)
  return element('details', level < OPEN && size <= 50 ? { open: '' } : {}, summary, element('ul', {}, ...items))
}

const keyOf = (name) => (name === '' ? undefined : element('span', { class: 'key' }, `${name} = `))

/** A small table without others in it, on one line; or nothing. */
function shortOf(isList, entries, more) {
  if (more > 0 || entries.some(([, { type }]) => type === 'table')) return undefined
  const length = entries.reduce((sum, [key, { text }]) => sum + (isList ? 0 : key.length + 3) + text.length + 2, 0)
  if (length > LINE) return undefined
  if (entries.length === 0) return ['{}']
  const parts = entries.flatMap(([key, value], i) => [
    i > 0 ? ', ' : '{ ',
    isList ? undefined : keyOf(key),
    valueElement(value),
  ])
  return [...parts, ' }']
}
