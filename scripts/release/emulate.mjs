// Node.js as on another platform, where this machine can run that: by it an addon can be tried here.
import { ask } from '../run.mjs'
import { armNode, muslNode, qemu, windowsNode } from './nodes.mjs'
import { Missing } from './toolbox.mjs'

/** How to run Node.js for each platform. For macOS there is no way. */
const RUNNERS = {
  'linux-arm64-gnu': async () => onArm(await armNode(), 'glibc'),
  'linux-arm64-musl': async () => onArm(await muslNode('arm64'), 'musl'),
  'linux-x64-musl': async () => {
    const { node } = await muslNode('x64')
    return { command: node, args: [], words: 'Linux x64 with musl' }
  },
  'win32-x64-msvc': async () => {
    const { command, env, node } = await windowsNode()
    const version = ask('env', [...Object.entries(env).map((pair) => pair.join('=')), command, '--version'])
    // Wine passes for a Windows that Node.js has no support for.
    const more = { ...env, NODE_SKIP_PLATFORM_CHECK: '1' }
    return { command, args: [node], env: more, words: `x64 as on Windows, by ${version ?? 'Wine'}` }
  },
}

/** A command line by which Node.js runs as on the platform of a target, and in words what that is. `Missing` where it cannot be had. */
export async function emulated({ name, os }) {
  if (RUNNERS[name] === undefined) throw new Missing(`programs for ${os} do not run on ${process.platform}`)
  return RUNNERS[name]()
}

async function onArm({ folder, node }, library) {
  const words = `Linux arm64 with ${library}, emulated by QEMU`
  return { command: await qemu(), args: ['-L', folder, node], words }
}
