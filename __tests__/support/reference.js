// A plain decoder of lists of values: slow, and easy to compare with crates/core/src/value/wire.rs.
'use strict'

function referenceOf(list) {
  const bytes = Buffer.from(list)
  let at = 0
  const known = []
  const count = () => {
    at += 4
    return bytes.readUInt32LE(at - 4)
  }
  const taken = () => {
    const size = count()
    at += size
    return bytes.subarray(at - size, at)
  }
  const integer = () => {
    at += 8
    const value = bytes.readBigInt64LE(at - 8)
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
  const float = () => {
    at += 8
    return bytes.readDoubleLE(at - 8)
  }
  const times = (length, make) => Array.from({ length }, make)
  const object = (pairs) => {
    const made = {}
    for (const [key, value] of pairs.filter(([, value]) => value !== undefined))
      Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true })
    return made
  }
  const record = (depth) => object(known[depth].map((key) => [key, value(depth + 1)]))
  /** Of an array: numbers among them may share a tag. */
  const items = (length, depth) => {
    const all = []
    while (all.length < length) {
      const tag = bytes[at]
      if (tag !== 15 && tag !== 16) all.push(value(depth))
      else {
        at += 1
        const size = tag === 15 ? 4 : 8
        for (let left = count(); left > 0; left--) {
          all.push(tag === 15 ? bytes.readInt32LE(at) : bytes.readDoubleLE(at))
          at += size
        }
      }
    }
    return all
  }
  const value = (depth) => {
    at += 1
    const tag = bytes[at - 1]
    if (tag <= 2) return [undefined, false, true][tag]
    if (tag === 3) return integer()
    if (tag === 4) return float()
    if (tag === 5) return taken().toString()
    if (tag === 14) return taken().toString('latin1')
    if (tag === 6) return new Uint8Array(taken())
    if (tag === 7) return null
    if (tag === 8) return items(count(), depth + 1)
    if (tag === 9) return object(times(count(), () => [taken().toString(), value(depth + 1)]))
    if (tag === 10) return new Map(times(count(), () => [value(depth + 1), value(depth + 1)]))
    if (tag === 12) known[depth] = times(count(), () => taken().toString())
    if (tag === 12 || tag === 13) return record(depth)
    throw new Error(`tag ${tag}`)
  }
  return times(count(), () => value(0))
}

module.exports = { referenceOf }
