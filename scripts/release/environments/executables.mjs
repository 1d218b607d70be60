// Single executables, as docs/deploying.md says: Node.js with a program in it, and beside it what that needs.
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Missing } from '../toolbox.mjs'
import { must } from '../trial/execute.mjs'
import { project, runProgram } from '../trial/project.mjs'
import { installed, nodeOf } from '../trial/tools.mjs'
import { ESBUILD } from './bundlers.mjs'
import { VERSIONS } from './node.mjs'

const POSTJECT = ['postject@1.0.0-alpha.6']
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

/** A `require` that looks where the executable is. */
const REQUIRE = "require('node:module').createRequire(process.execPath)"

async function tryWith(world, folder, version) {
  if (world.here.os !== 'linux') throw new Missing('where executables are signed, they have to be signed anew')
  const node = await nodeOf(world.here, version)
  await project(world, folder)
  const bundle = await bundled(world, folder)
  const file = path.join(bundle, 'program.js')
  const inside = await runExecutable(bundle, await executable(node, version, bundle, 'program.js'), { BATTERY: file })
  writeFileSync(path.join(folder, 'main.js'), `${REQUIRE}('./programs/program.cjs')\n`)
  return { checks: inside + (await runExecutable(folder, await executable(node, version, folder, 'main.js'))) }
}

/** `program: ''`: it is the command. */
const runExecutable = (folder, command, env) => runProgram(folder, [command], { program: '', env })

/** A folder with the program as one file, and with the binary, far from all node_modules. */
async function bundled(world, folder) {
  const tools = await installed('esbuild', ESBUILD)
  const alone = mkdtempSync(path.join(world.folder, 'alone-'))
  const args = ['--bundle', '--platform=node', '--loader:.node=copy', '--asset-names=[name]', `--outdir=${alone}`]
  const esbuild = path.join(tools, 'node_modules/esbuild/bin/esbuild')
  const banner = `--banner:js=require = ${REQUIRE}`
  await must(process.execPath, [esbuild, 'programs/program.cjs', ...args, banner], { cwd: folder })
  return alone
}

/** The path of `app` in a folder, an executable with `main` in it. */
async function executable(node, version, folder, main) {
  const [app, blob, config] = ['app', 'app.blob', 'sea-config.json'].map((name) => path.join(folder, name))
  const isBuiltByNode = Number.parseInt(version, 10) >= 26
  const settings = { main, output: isBuiltByNode ? app : blob, disableExperimentalSEAWarning: true }
  writeFileSync(config, JSON.stringify(settings))
  if (isBuiltByNode) {
    await must(node, ['--build-sea', config], { cwd: folder })
    return app
  }
  await must(node, ['--experimental-sea-config', config], { cwd: folder })
  copyFileSync(node, app)
  const postject = path.join(await installed('postject', POSTJECT), 'node_modules/postject/dist/cli.js')
  await must(process.execPath, [postject, app, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE])
  return app
}

export default VERSIONS.map((version) => ({
  name: `executable-${version.split('.')[0]}`,
  group: 'As one executable with',
  what: `Node.js ${version}`,
  run: (world, folder) => tryWith(world, folder, version),
}))
