// Reads what an addon for macOS asks of its system, and offers: the load commands of a Mach-O file of 64 bits.
import { signatureFits } from './macho-signature.mjs'

const MACHINES = { 16777223: 'x64', 16777228: 'arm64' }
const [SYMTAB, LOAD_DYLIB, LOAD_WEAK_DYLIB, CODE_SIGNATURE] = [0x2, 0xc, 0x80000018, 0x1d]
const [VERSION_MIN_MACOSX, BUILD_VERSION] = [0x24, 0x32]

/** @param {Buffer} bytes */
export function readMacho(bytes) {
  const commands = commandsOf(bytes)
  const of = (...kinds) => commands.filter(({ kind }) => kinds.includes(kind)).map(({ at }) => at)
  const [symtab] = of(SYMTAB)
  const all = symtab === undefined ? [] : symbolsOf(bytes, symtab)
  const symbols = all.filter(({ isPublic }) => isPublic)
  return {
    format: 'Mach-O',
    cpu: MACHINES[bytes.readUInt32LE(4)] ?? `machine ${bytes.readUInt32LE(4)}`,
    libraries: of(LOAD_DYLIB, LOAD_WEAK_DYLIB).map((at) => textAt(bytes, at + bytes.readUInt32LE(at + 8))),
    versions: [],
    imports: symbols.filter(({ isDefined }) => !isDefined).map(({ name }) => name),
    exports: symbols.filter(({ isDefined }) => isDefined).map(({ name }) => name),
    macos: minimum(bytes, of(BUILD_VERSION)[0], 12) ?? minimum(bytes, of(VERSION_MIN_MACOSX)[0], 8),
    signature: signatureOf(bytes, of(CODE_SIGNATURE)[0]),
    // zig's linker names its thunks whatever it is told.
    isStripped: all.every(({ name, isPublic }) => isPublic || name.endsWith('__thunk')),
  }
}

function commandsOf(bytes) {
  const commands = []
  let at = 32
  for (let left = bytes.readUInt32LE(16); left > 0; left--) {
    commands.push({ kind: bytes.readUInt32LE(at), at })
    at += bytes.readUInt32LE(at + 4)
  }
  return commands
}

/** `none`, `broken`, or `fits`. */
function signatureOf(bytes, command) {
  if (command === undefined) return 'none'
  const start = bytes.readUInt32LE(command + 8)
  return signatureFits(bytes, bytes.subarray(start, start + bytes.readUInt32LE(command + 12))) ? 'fits' : 'broken'
}

const textAt = (bytes, start) => bytes.toString('latin1', start, bytes.indexOf(0, start))

/** Symbols, without the `_` that those of C begin with. Others see those that are public. */
function symbolsOf(bytes, command) {
  const [first, count, texts] = [8, 12, 16].map((offset) => bytes.readUInt32LE(command + offset))
  const symbols = []
  for (let at = first; at < first + count * 16; at += 16) {
    const type = bytes[at + 4]
    const isForDebuggers = (type & 0xe0) !== 0
    const isExternal = (type & 1) === 1
    const name = textAt(bytes, texts + bytes.readUInt32LE(at)).replace(/^_/, '')
    symbols.push({ name, isDefined: (type & 0x0e) !== 0, isPublic: isExternal && !isForDebuggers })
  }
  return symbols
}

function minimum(bytes, command, offset) {
  if (command === undefined) return undefined
  const version = bytes.readUInt32LE(command + offset)
  return `${version >> 16}.${(version >> 8) & 0xff}`
}
