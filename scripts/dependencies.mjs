// Installs the development tools of package-lock.json into node_modules, unless they are there already.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root, run } from './run.mjs'

/** Resolves with the exit code. */
export async function installDependencies() {
  if (isInstalled()) return 0
  console.log('set-up: installing development tools (npm ci)')
  // No package needs its install script here.
  return npm('ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error')
}

/** Whether npm installed exactly what package-lock.json asks for; packages for other platforms may be absent. */
function isInstalled() {
  const wanted = packagesOf('package-lock.json')
  const installed = packagesOf('node_modules/.package-lock.json')
  return Object.keys(wanted).every((name) => {
    if (name === '' || !installed[name]) return name === '' || wanted[name].optional
    return installed[name].version === wanted[name].version
  })
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(path.join(root, lockFile), 'utf8')).packages
  } catch {
    return {}
  }
}

function npm(...args) {
  const script = process.env.npm_execpath
  if (script) return run(process.execPath, [script, ...args])
  return run('npm', args, { shell: process.platform === 'win32' })
}
