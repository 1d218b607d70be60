// Installs what a package-lock.json asks for into the node_modules beside it, unless it is there already.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { npm, root, run } from './run.mjs'

/** By default, the development tools of the repository. Resolves with the exit code. */
export async function installDependencies(words = 'set-up: installing development tools', folder = root) {
  if (isInstalled(folder)) return 0
  console.log(`${words} (npm ci)`)
  // No package needs its install script here.
  const [command, args] = npm('ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error')
  return run(command, args, { cwd: folder, shell: command === 'npm' && process.platform === 'win32' })
}

/** Whether npm installed exactly what package-lock.json asks for; packages for other platforms may be absent. */
function isInstalled(folder) {
  const wanted = packagesOf(folder, 'package-lock.json')
  const installed = packagesOf(folder, 'node_modules/.package-lock.json')
  return Object.keys(wanted).every((name) => {
    if (name === '' || !installed[name]) return name === '' || wanted[name].optional
    return installed[name].version === wanted[name].version
  })
}

function packagesOf(folder, lockFile) {
  try {
    return JSON.parse(readFileSync(path.join(folder, lockFile), 'utf8')).packages
  } catch {
    return {}
  }
}
