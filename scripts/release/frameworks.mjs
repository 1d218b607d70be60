// Stubs of Apple's frameworks to link with: their names and those of their functions, as crates declare them. zig has none.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { capture } from '../run.mjs'
import { inTools } from './toolbox.mjs'

/** Which crate declares a framework. */
const CRATES = { CoreFoundation: 'core-foundation-sys', Security: 'security-framework-sys' }

/** The folder with the stubs for a target. */
export function frameworks({ rust }) {
  const { exitCode, stdout } = capture('cargo', ['metadata', '--format-version', '1', '--filter-platform', rust])
  if (exitCode !== 0) throw new Error('cargo metadata failed')
  const { packages } = JSON.parse(stdout)
  const folder = inTools('frameworks')
  for (const [framework, crate] of Object.entries(CRATES)) {
    const found = packages.filter(({ name }) => name === crate)
    const sources = found.flatMap((one) => rustFiles(path.join(path.dirname(one.manifest_path), 'src')))
    const to = path.join(folder, `${framework}.framework`)
    mkdirSync(to, { recursive: true })
    writeFileSync(path.join(to, `${framework}.tbd`), stub(framework, declaredIn(sources.join('\n'))))
  }
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

/** What a linker reads instead of the framework. */
export function stub(framework, names) {
  return `--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: '/System/Library/Frameworks/${framework}.framework/Versions/A/${framework}'
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
