// What must be true of an addon before it is published, by looking at its bytes.
import os from 'node:os'
import { root } from '../run.mjs'
import { readElf } from './elf.mjs'
import { readMacho } from './macho.mjs'
import { readPe } from './pe.mjs'

/** More than any addon has; one that was not optimised or not stripped has more. */
const MAX_BYTES = 16 * 2 ** 20

/** More functions than any addon shows; a linker that hides nothing also keeps what nobody uses. */
const MAX_EXPORTS = 32

/** The function by which Node.js begins. */
const ENTRY = 'napi_register_module_v1'

/** What each system has, by its beginning; anything else would have to come with the addon. */
const LIBRARIES = {
  // Node.js itself needs libgcc_s.
  glibc: /^(lib(c|m|dl|rt|pthread|gcc_s)\.so\.\d|ld-linux-[\w-]+\.so\.\d)$/,
  musl: /^(libc\.so|libc\.musl-\w+\.so\.1|libgcc_s\.so\.1)$/,
  darwin: /^\/(usr\/lib|System\/Library)\//,
  win32:
    /^(api-ms-win-[\w-]+|kernel32|ntdll|advapi32|bcrypt|bcryptprimitives|crypt32|ncrypt|secur32|msvcrt|ucrtbase|userenv|ws2_32|shell32|synchronization)\.dll$/i,
}

const READERS = [
  [(bytes) => bytes.readUInt32BE(0) === 0x7f454c46 && bytes[4] === 2, readElf],
  [(bytes) => bytes.toString('latin1', 0, 2) === 'MZ', readPe],
  [(bytes) => bytes.readUInt32LE(0) === 0xfeedfacf, readMacho],
]

/** What an addon is, asks for and offers; undefined where these bytes are none. */
export function readBinary(bytes) {
  try {
    return READERS.find(([isIt]) => isIt(bytes))?.[1](bytes)
  } catch {
    return undefined
  }
}

/** What is wrong with an addon for a target, a sentence each; an empty list when nothing is. */
export function problemsOf(target, bytes, paths = buildPaths()) {
  const binary = readBinary(bytes)
  if (binary === undefined) return [`it is no ${target.format} file that can be read`]
  const { format, cpu } = binary
  if (format !== target.format || cpu !== target.cpu) {
    return [`it is for ${format} on ${cpu}, and is to be for ${target.format} on ${target.cpu}`]
  }
  const text = bytes.toString('latin1')
  return [
    ...systemProblems(target, binary),
    ...libraryProblems(target, binary),
    ...nodeApiProblems(binary, text),
    ...paths.filter((path) => text.includes(path)).map((path) => `it has the path '${excerpt(text, path)}' in it`),
    ...(binary.exports.length <= MAX_EXPORTS
      ? []
      : [`it exports ${binary.exports.length} functions, and may export ${MAX_EXPORTS}`]),
    ...(binary.isStripped ? [] : ['it is not stripped of its symbols']),
    ...(bytes.length <= MAX_BYTES ? [] : [`it has ${bytes.length} bytes, and may have ${MAX_BYTES}`]),
  ]
}

/** The newest glibc that it asks for, as `2.17`; undefined without one. */
export function glibcOf({ versions }) {
  const found = versions.map((version) => /^GLIBC_([\d.]+)$/.exec(version)?.[1]).filter(Boolean)
  return found.sort(byVersion).at(-1)
}

function systemProblems(target, binary) {
  const glibc = glibcOf(binary)
  const { libc, macos } = target
  if (libc === 'musl' && glibc !== undefined) return [`it needs glibc ${glibc}, and is to be for musl`]
  if (libc === 'glibc' && glibc === undefined) return ['it does not say which glibc it needs']
  if (libc === 'glibc' && byVersion(glibc, target.glibc) > 0) {
    return [`it needs glibc ${glibc}, and may need ${target.glibc} at most`]
  }
  if (macos === undefined) return []
  const unsigned = {
    none: ['it is not signed, and macOS on arm64 loads nothing that is not'],
    broken: ['it was changed after it was signed, and macOS loads nothing of the kind'],
  }
  const problems = unsigned[binary.signature] ?? []
  if (binary.macos === undefined) return [...problems, 'it does not say which macOS it needs']
  return byVersion(binary.macos, macos) <= 0
    ? problems
    : [...problems, `it needs macOS ${binary.macos}, and may need ${macos} at most`]
}

function libraryProblems({ libc, os: system }, { libraries }) {
  const others = libraries.filter((library) => !LIBRARIES[libc ?? system].test(library))
  return others.map((library) => `it needs the library ${library}, which not every system has`)
}

/**
 * The addon finds the functions of Node.js by their names, when it is loaded; so the names are text in it. All that came after
 * version 8 of Node-API begin with `node_api_`, and none before.
 */
function nodeApiProblems({ exports, imports }, text) {
  const newer = new Set(text.match(/node_api_[a-z0-9_]+/g))
  // By this one it says its own version.
  newer.delete('node_api_module_get_api_version_v1')
  const linked = imports.filter((name) => name.startsWith('napi_'))
  return [
    ...(exports.includes(ENTRY) ? [] : [`it does not export ${ENTRY}, by which Node.js begins`]),
    ...[...newer].map((name) => `it names ${name}, which is newer than version 8 of Node-API`),
    ...linked.map((name) => `it is linked with ${name} instead of finding it when it is loaded`),
  ]
}

/** Folders of this machine. Whoever has the addon learns nothing of them. */
function buildPaths() {
  const folders = [root.replace(/[\\/]$/, ''), process.env.CARGO_HOME, process.env.RUSTUP_HOME]
  const home = `${os.homedir()}/`
  return [...folders.filter(Boolean), ...(home === '//' ? [] : [home]), '/registry/src/', '.rustup/toolchains']
}

function excerpt(text, path) {
  const [found] = /^[ -~]{0,80}/.exec(text.slice(text.indexOf(path)).slice(0, 80))
  return found
}

function byVersion(one, other) {
  const [a, b] = [one, other].map((version) => version.split('.').map(Number))
  const differs = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (a[i] ?? 0) - (b[i] ?? 0))
  return differs.find((difference) => difference !== 0) ?? 0
}
