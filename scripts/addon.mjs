// Builds the native addon and puts it, and the files generated with it, where lib/native.js looks.
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import path from 'node:path'
import { mustSucceed, pipe, root, tool } from './run.mjs'

const OUTPUT = path.join(root, 'target/addon')

/** Brings the addon up to date; silent when it is. */
export async function buildAddon() {
  await compile()
  for (const file of readdirSync(OUTPUT)) if (file.endsWith('.node')) install(file)
}

/** Takes over binding.js and binding.d.ts from the last build. */
export function installGenerated() {
  for (const file of staleGenerated()) install(file)
}

/** Which of the committed generated files differ from those of the last build. */
export function staleGenerated() {
  return ['binding.js', 'binding.d.ts'].filter((file) => !isInstalled(file))
}

/** Shows what the build says from the moment that there is something to wait for, or when it fails. */
async function compile() {
  let kept = ''
  let shows = false
  const exitCode = await pipe(...napiBuild(), (text) => {
    if (shows) return process.stderr.write(text)
    kept += text
    shows = /^\s*(Compiling|Blocking) /m.test(kept)
    if (shows) process.stderr.write(`set-up: building the native addon\n${kept}`)
  })
  if (exitCode !== 0 && !shows) process.stderr.write(kept)
  mustSucceed(exitCode)
}

function napiBuild() {
  const files = ['--js', 'binding.js', '--dts', 'binding.d.ts', '--output-dir', OUTPUT]
  return tool('@napi-rs/cli/dist/cli.js', 'build', '--platform', '--release', ...files, '--', '--locked')
}

function isInstalled(file) {
  const installed = path.join(root, file)
  return existsSync(installed) && readFileSync(installed).equals(readFileSync(path.join(OUTPUT, file)))
}

/** By renaming: overwriting an addon would pull it from under the processes that have it loaded. */
function install(file) {
  if (isInstalled(file)) return
  const destination = path.join(root, file)
  copyFileSync(path.join(OUTPUT, file), `${destination}.new`)
  renameSync(`${destination}.new`, destination)
}
