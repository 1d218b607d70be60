// Everything that an iterable gives.
'use strict'

async function all(iterable) {
  const items = []
  for await (const item of iterable) items.push(item)
  return items
}

module.exports = { all }
