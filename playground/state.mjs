// The table of what an id has in State.
import { element } from './dom.mjs'
import { words } from './stats.mjs'

const byId = (id) => document.getElementById(id)

export function showState(id, { error, entries = 0, bytes, shown = [], isMore }) {
  const [empty, table, count] = ['state-empty', 'state-table', 'state-count'].map(byId)
  const rows = shown.map(({ key, value }) =>
    element('tr', {}, element('th', { scope: 'row' }, key), element('td', {}, element('code', {}, value))),
  )
  table.tBodies[0].replaceChildren(...rows)
  table.hidden = rows.length === 0
  count.hidden = entries === 0
  count.textContent = String(entries)
  const size = `${entries} ${entries === 1 ? 'entry' : 'entries'} of '${id}', ${words.bytes(bytes ?? 0)}`
  if (error) empty.textContent = error
  else if (entries === 0) empty.textContent = `There is nothing in the State of '${id}'.`
  else empty.textContent = isMore ? `${size}: the first ${shown.length} are shown.` : `${size}.`
}
