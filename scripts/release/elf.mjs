// Reads what an addon for Linux asks of its system, and offers: the dynamic section of an ELF file of 64 bits.
const MACHINES = { 62: 'x64', 183: 'arm64' }
const [SYMTAB, DYNAMIC, DYNSYM, VERNEED] = [2, 6, 11, 0x6ffffffe]
const NEEDED = 1

/** @param {Buffer} bytes */
export function readElf(bytes) {
  const sections = sectionsOf(bytes)
  const of = (type) => sections.find((section) => section.type === type)
  const symbols = symbolsOf(bytes, of(DYNSYM), sections)
  return {
    format: 'ELF',
    cpu: MACHINES[bytes.readUInt16LE(18)] ?? `machine ${bytes.readUInt16LE(18)}`,
    libraries: librariesOf(bytes, of(DYNAMIC), sections),
    versions: versionsOf(bytes, of(VERNEED), sections),
    imports: symbols.filter(({ isDefined }) => !isDefined).map(({ name }) => name),
    exports: symbols.filter(({ isDefined }) => isDefined).map(({ name }) => name),
    isStripped: of(SYMTAB) === undefined,
  }
}

function sectionsOf(bytes) {
  const [start, size, count] = [Number(bytes.readBigUInt64LE(40)), bytes.readUInt16LE(58), bytes.readUInt16LE(60)]
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * size
    const [offset, length] = [Number(bytes.readBigUInt64LE(at + 24)), Number(bytes.readBigUInt64LE(at + 32))]
    const link = bytes.readUInt32LE(at + 40)
    return { type: bytes.readUInt32LE(at + 4), offset, length, end: offset + length, link }
  })
}

/** The text at this place of the strings that a section uses. */
function text(bytes, section, sections, at) {
  const start = sections[section.link].offset + at
  return bytes.toString('latin1', start, bytes.indexOf(0, start))
}

function symbolsOf(bytes, section, sections) {
  const symbols = []
  // The first one is empty.
  for (let at = section ? section.offset + 24 : Infinity; at < section?.end; at += 24) {
    const name = text(bytes, section, sections, bytes.readUInt32LE(at))
    symbols.push({ name, isDefined: bytes.readUInt16LE(at + 6) !== 0 })
  }
  return symbols
}

function librariesOf(bytes, section, sections) {
  const libraries = []
  for (let at = section?.offset ?? Infinity; at < section?.end; at += 16) {
    const isNeeded = Number(bytes.readBigUInt64LE(at)) === NEEDED
    if (isNeeded) libraries.push(text(bytes, section, sections, Number(bytes.readBigUInt64LE(at + 8))))
  }
  return libraries
}

/** The versions of symbols that it needs: `GLIBC_2.17`. */
function versionsOf(bytes, section, sections) {
  const versions = []
  let at = section?.offset
  while (at !== undefined) {
    let need = at + bytes.readUInt32LE(at + 8)
    for (let left = bytes.readUInt16LE(at + 2); left > 0; left--) {
      versions.push(text(bytes, section, sections, bytes.readUInt32LE(need + 8)))
      need += bytes.readUInt32LE(need + 12)
    }
    const next = bytes.readUInt32LE(at + 12)
    at = next === 0 ? undefined : at + next
  }
  return versions
}
