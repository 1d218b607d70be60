// What an id has in State, for the table of the page.
'use strict'

/** So many entries are shown, and so many characters of each value. */
const ENTRIES = 200
const TEXT = 500

async function stateOf(engine, id) {
  const space = engine.state(id)
  const entries = []
  let isMore = false
  for await (const [key, value] of space.entries()) {
    isMore = entries.length === ENTRIES
    if (isMore) break
    entries.push({ key, value: short(json(value)) })
  }
  return { ...(await space.size()), shown: entries, isMore }
}

/** As it is stored; integers beyond those of JavaScript are no strings. */
const json = (value) =>
  JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? (JSON.rawJSON?.(`${inner}`) ?? `${inner}`) : inner))

const short = (text) => (text.length > TEXT ? `${text.slice(0, TEXT)}… (${text.length} characters)` : text)

module.exports = { ENTRIES, stateOf }
