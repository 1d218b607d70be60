// Finds the known name that a misspelt one most likely means.
'use strict'

/** How many letters must be inserted, deleted or replaced to turn `a` into `b` (Levenshtein). */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      next[j] = Math.min(replaced, row[j] + 1, next[j - 1] + 1)
    }
    row = next
  }
  return row[b.length]
}

/** The name nearest to `given`, letter case aside, or undefined when none is near. */
function nearest(given, names) {
  const wanted = given.toLowerCase()
  if (wanted.length === 0 || wanted.length > 40 || names.length === 0) return undefined
  const score = (name) => (name.toLowerCase().startsWith(wanted) ? 1 : distance(wanted, name.toLowerCase()))
  const [best] = names.map((name) => ({ name, score: score(name) })).sort((a, b) => a.score - b.score)
  // Two letters that are not there say nothing of a name of two.
  return best.score < wanted.length && best.score <= Math.max(2, best.name.length / 3) ? best.name : undefined
}

/** What to add to an error about `given`, when there is a name that is near. */
function hint(given, names) {
  const meant = nearest(given, names)
  return meant === undefined ? '' : `; did you mean '${meant}'?`
}

module.exports = { hint, nearest }
