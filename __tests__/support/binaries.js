// Makes files for Windows and macOS that have in them what is looked at in an addon, and nothing else.
'use strict'

const { createHash } = require('node:crypto')

const TEXTS = 1024
/** The size of a signature of one page. */
const SIGNATURE = 20 + 44 + 32

/** Bytes to write into, with a heap of texts behind. */
function file(size = 4096) {
  const bytes = Buffer.alloc(size)
  let next = TEXTS
  const put = (text, before = 0) => {
    const at = next
    bytes.write(`${text}\0`, at + before, 'latin1')
    next += before + text.length + 1
    return at
  }
  const u32 = (at, ...values) => {
    values.forEach((value, i) => {
      bytes.writeUInt32LE(value >>> 0, at + i * 4)
    })
  }
  return { bytes, put, u32 }
}

/** A DLL of one section, whose addresses are its places in the file. */
function pe({ libraries, exports, symbols = 0 }) {
  const { bytes, put, u32 } = file()
  bytes.write('MZ')
  u32(60, 64)
  bytes.write('PE\0\0', 64)
  bytes.writeUInt16LE(0x8664, 68)
  bytes.writeUInt16LE(1, 70)
  u32(80, symbols)
  bytes.writeUInt16LE(240, 84)
  const [optional, section, imported, exported, thunks, names] = [88, 328, 400, 600, 700, 900]
  u32(optional + 112, exported, 40, imported, 40)
  u32(section + 8, bytes.length, 0, bytes.length, 0)
  let thunk = thunks
  Object.entries(libraries).forEach(([library, functions], i) => {
    u32(imported + i * 20, thunk, 0, 0, put(library), thunk)
    for (const name of functions) {
      u32(thunk, put(name, 2))
      thunk += 8
    }
    thunk += 8
  })
  u32(exported + 24, exports.length)
  u32(exported + 32, names)
  u32(names, ...exports.map((name) => put(name)))
  return bytes
}

/** A dylib for arm64. Its signature is of all before it. */
function machO({ libraries, imports, exports, locals = [], macos = [11, 0], isSigned, changed }) {
  const { bytes, put, u32 } = file()
  const commands = []
  u32(0, 0xfeedfacf, 0x0100000c, 0, 6)
  for (const library of libraries) {
    const words = Buffer.alloc(Math.ceil((library.length + 1) / 8) * 8)
    words.write(library)
    commands.push([0xc, 24, 0, 0, 0, ...new Uint32Array(words.buffer, words.byteOffset, words.length / 4)])
  }
  const [symbols, texts] = [3000, TEXTS]
  const names = [
    ...imports.map((name) => [name, 0x01]),
    ...exports.map((name) => [name, 0x0f]),
    ...locals.map((name) => [name, 0x0e]),
  ]
  names.forEach(([name, type], i) => {
    u32(symbols + i * 16, put(`_${name}`) - texts)
    bytes[symbols + i * 16 + 4] = type
  })
  commands.push([0x2, symbols, names.length, texts, 0], [0x32, 1, (macos[0] << 16) | (macos[1] << 8), 0, 0])
  if (isSigned) commands.push([0x1d, bytes.length, SIGNATURE])
  u32(16, commands.length)
  let at = 32
  for (const [kind, ...values] of commands) {
    u32(at, kind, 8 + values.length * 4, ...values)
    at += 8 + values.length * 4
  }
  const all = isSigned ? Buffer.concat([bytes, signatureOf(bytes)]) : bytes
  if (changed) all[2000] ^= 1
  return all
}

/** What a linker writes behind a file of one page to sign it. */
function signatureOf(page) {
  const bytes = Buffer.alloc(SIGNATURE)
  const u32 = (at, ...values) => {
    values.forEach((value, i) => {
      bytes.writeUInt32BE(value, at + i * 4)
    })
  }
  u32(0, 0xfade0cc0, SIGNATURE, 1, 0, 20)
  u32(20, 0xfade0c02, SIGNATURE - 20, 0x20400, 0x20002, 44, 0, 0, 1, page.length)
  bytes.set([32, 2, 0, Math.log2(page.length)], 20 + 36)
  createHash('sha256')
    .update(page)
    .digest()
    .copy(bytes, 20 + 44)
  return bytes
}

module.exports = { machO, pe }
