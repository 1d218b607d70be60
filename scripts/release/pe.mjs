// Reads what an addon for Windows asks of its system, and offers: the import and export tables of a PE file of 64 bits.
const MACHINES = { 34404: 'x64', 43620: 'arm64' }

/** @param {Buffer} bytes */
export function readPe(bytes) {
  const header = bytes.readUInt32LE(60)
  const optional = header + 24
  const sections = sectionsOf(bytes, header, optional)
  /** The place in the file of an address in memory. */
  const place = (address) => {
    const section = sections.find(({ start, end }) => address >= start && address < end)
    if (section === undefined) throw new Error(`no section has the address ${address}`)
    return address - section.start + section.offset
  }
  const text = (address) => {
    const start = place(address)
    return bytes.toString('latin1', start, bytes.indexOf(0, start))
  }
  const table = (index) => bytes.readUInt32LE(optional + 112 + index * 8)
  const imported = importsOf(bytes, table(1), place, text)
  return {
    format: 'PE',
    cpu: MACHINES[bytes.readUInt16LE(header + 4)] ?? `machine ${bytes.readUInt16LE(header + 4)}`,
    libraries: [...new Set(imported.map(({ library }) => library))],
    versions: [],
    imports: imported.flatMap(({ names }) => names),
    exports: exportsOf(bytes, table(0), place, text),
    // The number of symbols.
    isStripped: bytes.readUInt32LE(header + 16) === 0,
  }
}

function sectionsOf(bytes, header, optional) {
  const first = optional + bytes.readUInt16LE(header + 20)
  return Array.from({ length: bytes.readUInt16LE(header + 6) }, (_, i) => {
    const at = first + i * 40
    const [length, start] = [bytes.readUInt32LE(at + 8), bytes.readUInt32LE(at + 12)]
    return { start, end: start + Math.max(length, bytes.readUInt32LE(at + 16)), offset: bytes.readUInt32LE(at + 20) }
  })
}

function importsOf(bytes, table, place, text) {
  const imported = []
  for (let at = table && place(table); at !== 0 && bytes.readUInt32LE(at + 12) !== 0; at += 20) {
    const names = []
    let entry = place(bytes.readUInt32LE(at) || bytes.readUInt32LE(at + 16))
    for (; bytes.readBigUInt64LE(entry) !== 0n; entry += 8) {
      const value = bytes.readBigUInt64LE(entry)
      const isByNumber = value >> 63n === 1n
      // Before the name is a hint of two bytes.
      names.push(isByNumber ? `#${value & 0xffffn}` : text(Number(value) + 2))
    }
    imported.push({ library: text(bytes.readUInt32LE(at + 12)), names })
  }
  return imported
}

function exportsOf(bytes, table, place, text) {
  if (table === 0) return []
  const at = place(table)
  const names = place(bytes.readUInt32LE(at + 32))
  return Array.from({ length: bytes.readUInt32LE(at + 24) }, (_, i) => text(bytes.readUInt32LE(names + i * 4)))
}
