// Node.js for another platform in an emulator, where there is one: by it an addon can be tried on this machine.
import { chmodSync, existsSync } from 'node:fs'
import path from 'node:path'
import { armNode, Missing } from './toolbox.mjs'

/** A command line by which Node.js runs as on the platform of a target, and in words what that is; undefined without one. */
export async function emulated({ name }) {
  if (name !== 'linux-arm64-gnu') return undefined
  const folder = await armNode().catch(without)
  if (folder === undefined) return undefined
  const node = path.join(folder, 'package/bin/node')
  if (!existsSync(node)) throw new Error(`${node} is not there`)
  chmodSync(node, 0o755)
  return {
    command: path.join(folder, 'usr/bin/qemu-aarch64-static'),
    args: ['-L', folder, node],
    words: 'Linux arm64, emulated by QEMU',
  }
}

/** What cannot be tried is published all the same, and says so. */
function without(error) {
  if (!(error instanceof Missing)) throw error
  console.error(`not run: ${error.message}`)
  return undefined
}
