// The names that scripts find, as types/moonpool.lua has them: for completion in the page of the playground.

const FUNCTION = /^function ([\w.]+)(\(.*?\)) end/
const VARIABLE = /^([\w.]+) = /

/** Each with its `name`, such as `string.format`; for a function its `signature` and what it `returns`; and its `doc`. */
export function namesIn(types) {
  const found = []
  let above = []
  for (const line of types.split('\n')) {
    const [, name, signature] = FUNCTION.exec(line) ?? VARIABLE.exec(line) ?? []
    if (name) found.push(entryOf(name, signature, above))
    above = line.startsWith('---') ? [...above, line.slice(3)] : []
  }
  return found
}

function entryOf(name, signature, above) {
  const doc = above.filter((line) => !line.startsWith('@')).join(' ')
  const returns = above.flatMap((line) => /^@return (\S+(?: \w+)?)/.exec(line)?.[1] ?? []).join(', ')
  return { name, signature, returns: returns || undefined, doc: doc.trim() || undefined }
}
