// Where the contestants are (packages in this folder, and the addon of naive/), and what all of those get that can be limited.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../../scripts/run.mjs'

export const FOLDER = path.join(root, 'bench/peers')
export const MODULES = path.join(FOLDER, 'node_modules')

/** The naive addon, as it is built and as Node.js loads it. */
export const NAIVE_TARGET = path.join(root, 'target/peers-naive')
export const NAIVE = path.join(NAIVE_TARGET, 'naive.node')

/** Bytes of memory: moonpool's default. */
export const MEMORY = 64 * 2 ** 20
/** ms for a call: longer than any takes, also on a busy machine. */
export const TIMEOUT = 60_000

export const versionOf = (name) => JSON.parse(readFileSync(path.join(MODULES, name, 'package.json'), 'utf8')).version

/** isolated-vm for this Node.js: each of its major versions is for some. */
export function isolatedVm(version = process.versions.node) {
  const major = Number.parseInt(version, 10)
  if (major >= 24) return 'isolated-vm-7'
  return major >= 22 ? 'isolated-vm-6' : 'isolated-vm-5'
}

/** The versions of what the naive addon is made of. */
export function naiveVersion() {
  const lock = readFileSync(path.join(FOLDER, 'naive/Cargo.lock'), 'utf8')
  const of = (name) => new RegExp(`name = "${name}"\nversion = "([^"]+)"`).exec(lock)[1]
  return `mlua ${of('mlua')}, napi ${of('napi')}`
}
