// Stubs of Apple's libraries to link with: their names, and those of their functions. The system has the rest.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { capture } from '../run.mjs'
import { inTools } from './toolbox.mjs'

/** Which crate declares a framework. */
const FRAMEWORKS = { CoreFoundation: 'core-foundation-sys', Security: 'security-framework-sys' }

/** The folder with the stubs for a target of Rust. `libSystem` comes from a folder of zig. */
export function appleStubs(rust, zigLibraries) {
  const { exitCode, stdout } = capture('cargo', ['metadata', '--format-version', '1', '--filter-platform', rust])
  if (exitCode !== 0) throw new Error('cargo metadata failed')
  const { packages } = JSON.parse(stdout)
  const folder = inTools('apple')
  rmSync(folder, { recursive: true, force: true })
  const put = (name, text) => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
  for (const [name, crate] of Object.entries(FRAMEWORKS)) {
    const found = packages.filter((one) => one.name === crate)
    const sources = found.flatMap((one) => rustFiles(path.join(path.dirname(one.manifest_path), 'src')))
    const place = `/System/Library/Frameworks/${name}.framework/Versions/A/${name}`
    put(`${name}.framework/${name}.tbd`, stub(place, declaredIn(sources.join('\n'))))
  }
  put('libiconv.tbd', stub('/usr/lib/libiconv.2.dylib', ['iconv', 'iconv_close', 'iconv_open']))
  // LLVM does not know the newest processors that it names.
  const system = readFileSync(path.join(zigLibraries, 'libSystem.tbd'), 'utf8')
  put('libSystem.tbd', system.replace(/,?\s*\barm64e\.x1-\w+/g, ''))
  return folder
}

/** The functions and variables of C that Rust code declares. */
export function declaredIn(source) {
  const blocks = source.match(/^\s*(unsafe )?extern "C" \{[\s\S]*?^\s*\}/gm) ?? []
  const names = [...blocks.join('\n').matchAll(/^\s*pub (?:safe |unsafe )?(?:fn|static) (\w+)/gm)].map(
    ([, name]) => name,
  )
  return [...new Set(names)].sort()
}

/** What a linker reads instead of the library that is at `place`. */
export function stub(place, names) {
  return `--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: '${place}'
exports:
  - targets: [ x86_64-macos, arm64-macos ]
    symbols: [ ${names.map((name) => `_${name}`).join(', ')} ]
...
`
}

function rustFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const inner = path.join(folder, entry.name)
    if (entry.isDirectory()) return rustFiles(inner)
    return entry.name.endsWith('.rs') ? [readFileSync(inner, 'utf8')] : []
  })
}
