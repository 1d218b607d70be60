// Checks that Node.js, cargo and a C compiler are there; says in one sentence how to get what is missing.
import { existsSync, readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ask, root, run } from './run.mjs'

const RUSTUP = {
  win32: 'run the installer from https://rustup.rs',
  default: `run: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh`,
}
const COMPILER = {
  win32:
    'install the Visual Studio Build Tools with "Desktop development with C++": https://aka.ms/vs/17/release/vs_BuildTools.exe',
  darwin: 'run: xcode-select --install',
  linux: 'run: sudo apt-get install build-essential (or install gcc with your package manager)',
  default: 'install clang or gcc with your package manager',
}

/** What is missing, a sentence each, without a dot that would be copied with the command at its end; an empty list when nothing is. */
export async function missingTools() {
  useFreshRustup()
  await installCompilerOnDebian()
  return [nodeProblem(), cargoProblem(), compilerProblem()].filter(Boolean)
}

function nodeProblem() {
  if (Number.parseInt(process.versions.node, 10) >= 20) return undefined
  return `Node.js 20 or later is needed, and this is ${process.versions.node}: get one from https://nodejs.org`
}

function cargoProblem() {
  const needed = /^rust-version = "(\d+\.\d+)/m.exec(readFileSync(path.join(root, 'Cargo.toml'), 'utf8'))[1]
  const found = /^cargo (\S+)/.exec(ask('cargo', ['--version']) ?? '')?.[1]
  if (found === undefined) return `cargo (Rust ${needed} or later) is missing: ${here(RUSTUP)}`
  if (isAtLeast(found, needed)) return undefined
  return `Rust ${needed} or later is needed, and cargo is ${found}: run: rustup update stable`
}

function compilerProblem() {
  return hasCompiler() ? undefined : `A C compiler is missing: ${here(COMPILER)}`
}

function hasCompiler() {
  if (process.platform === 'win32') return hasVisualStudio()
  const [chosen] = (process.env.CC ?? '').split(' ')
  return [chosen, 'cc', 'clang', 'gcc'].some((name) => name && ask(name, ['--version']) !== undefined)
}

/** `cl` is seldom on the PATH; Rust finds it the same way. */
function hasVisualStudio() {
  const vswhere = `${process.env['ProgramFiles(x86)']}\\Microsoft Visual Studio\\Installer\\vswhere.exe`
  const component = 'Microsoft.VisualStudio.Component.VC.Tools.x86.x64'
  return Boolean(
    ask('where', ['cl']) || ask(vswhere, ['-products', '*', '-requires', component, '-property', 'installationPath']),
  )
}

/** A shell that was open when rustup ran has no cargo on its PATH yet. */
function useFreshRustup() {
  const bin = path.join(process.env.CARGO_HOME ?? path.join(os.homedir(), '.cargo'), 'bin')
  if (ask('cargo', ['--version']) === undefined && existsSync(bin)) {
    process.env.PATH = `${bin}${path.delimiter}${process.env.PATH}`
  }
}

async function installCompilerOnDebian() {
  if (process.getuid?.() !== 0 || hasCompiler() || ask('apt-get', ['--version']) === undefined) return
  console.log('set-up: installing a C compiler (apt-get install build-essential)')
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['update', '-qq'], { env })
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'build-essential'], { env })
}

function isAtLeast(found, needed) {
  const [major, minor] = found.split('.').map(Number)
  const [neededMajor, neededMinor] = needed.split('.').map(Number)
  return major > neededMajor || (major === neededMajor && minor >= neededMinor)
}

function here(advice) {
  return advice[process.platform] ?? advice.default
}
