// The platform of this process, by the name that the addon for it has.
'use strict'

const fs = require('node:fs')

/** Those that there are addons for. */
const PLATFORMS = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'linux-x64-gnu',
  'linux-x64-musl',
  'win32-x64-msvc',
]

/** The name of this platform: `linux-x64-gnu`, `darwin-arm64`. */
function platformName() {
  const { platform, arch } = process
  if (platform === 'win32') return `${platform}-${arch}-msvc`
  return platform === 'linux' ? `${platform}-${arch}-${cLibrary()}` : `${platform}-${arch}`
}

/** The C library of this process. Each way to find out may be forbidden, or know nothing; most systems have glibc. */
function cLibrary() {
  for (const ask of [askProgram, askLdd, askReport]) {
    try {
      const answer = ask()
      if (answer !== undefined) return answer
    } catch {}
  }
  return 'gnu'
}

/** By the dynamic linker that this program asks for. It decides: glibc may also be found on a system of musl. */
function askProgram() {
  const linker = linkerOf(process.execPath)
  return linker && (linker.includes('musl') ? 'musl' : 'gnu')
}

/** The path of the dynamic linker that a program of 64 bits asks for. */
function linkerOf(program) {
  const file = fs.openSync(program)
  try {
    const read = (position, length) => {
      const bytes = Buffer.alloc(length)
      fs.readSync(file, bytes, 0, length, position)
      return bytes
    }
    const header = read(0, 64)
    if (header.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') return undefined
    const size = header.readUInt16LE(54)
    const segments = read(Number(header.readBigUInt64LE(32)), size * header.readUInt16LE(56))
    for (let at = 0; at < segments.length; at += size) {
      const isLinker = segments.readUInt32LE(at) === 3
      if (isLinker) return read(Number(segments.readBigUInt64LE(at + 8)), segments.readUInt32LE(at + 32)).toString()
    }
    return undefined
  } finally {
    fs.closeSync(file)
  }
}

/** By `ldd`, which is a script and names its library. */
function askLdd() {
  const script = fs.readFileSync('/usr/bin/ldd', 'latin1')
  if (script.includes('musl')) return 'musl'
  return /GNU C Library|GLIBC/.test(script) ? 'gnu' : undefined
}

/** By Node.js, which knows, but takes some milliseconds. Some runtimes that are like it have an answer of their own. */
function askReport() {
  const { report } = process
  const { excludeNetwork } = report
  report.excludeNetwork = true // Looking up the names of open sockets can take seconds.
  try {
    const { header, sharedObjects } = report.getReport()
    if (header.glibcVersionRuntime) return 'gnu'
    return sharedObjects.some((name) => /libc\.musl-|ld-musl-/.test(name)) ? 'musl' : undefined
  } finally {
    report.excludeNetwork = excludeNetwork
  }
}

module.exports = { PLATFORMS, platformName }
