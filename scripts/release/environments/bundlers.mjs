// Bundlers, as docs/deploying.md says: moonpool outside of the bundle, or its binary beside it.
import { cpSync, mkdtempSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { must } from '../trial/execute.mjs'
import { checksIn, exits, project, runProgram } from '../trial/project.mjs'
import { BUN, bunOf, installed, toolsNode } from '../trial/tools.mjs'

/** Executables are made of its bundles, too. */
export const ESBUILD = ['esbuild@0.28.2']
const ROLLUP = ['rollup@4.68.7']
const WEBPACK = ['webpack@5.112.2', 'webpack-cli@7.3.1', 'node-loader@2.1.0']
const VITE = ['vite@8.3.8']

/** A project in the folder of a tool, and a function that runs a program of its node_modules there by Node.js. */
async function bundling(world, name, specs, files, node = process.execPath) {
  const tools = await installed(name, specs)
  const folder = await project(world, path.join(tools, 'app'), { files })
  const options = { cwd: folder }
  return {
    folder,
    node,
    run: (file, ...args) => must(node, [path.join(tools, 'node_modules', file), ...args], options),
  }
}

/** Runs a bundle where it finds no node_modules: what it needs has to be beside it. */
async function runAlone(world, { folder, node }, dist, program) {
  const alone = mkdtempSync(path.join(world.folder, 'alone-'))
  cpSync(path.join(folder, dist), alone, { recursive: true })
  if (!readdirSync(alone).some((file) => file.endsWith('.node'))) throw new Error(`${dist} has no binary`)
  return runProgram(alone, [node], { program })
}

async function esbuild(world) {
  const all = await bundling(world, 'esbuild', ESBUILD)
  const bundle = (...args) =>
    all.run('esbuild/bin/esbuild', 'programs/program.cjs', '--bundle', '--platform=node', ...args)
  await bundle('--external:moonpool', '--outfile=outside/app.js')
  const outside = await runProgram(all.folder, [all.node], { program: 'outside/app.js' })
  await bundle('--loader:.node=copy', '--outdir=inside')
  return { checks: outside + (await runAlone(world, all, 'inside', 'program.js')) }
}

/** Also as one program with all in it. The worker of the battery is no part of that, so only the end of the process is tried there. */
async function bun(world) {
  const folder = await project(world, path.join(world.folder, 'bun-build'))
  const program = await bunOf(world.here)
  const build = (...args) => must(program, ['build', 'programs/program.cjs', ...args], { cwd: folder })
  await build('--target=bun', '--outdir=inside')
  const checks = await runAlone(world, { folder, node: program }, 'inside', 'program.js')
  await build('--compile', '--outfile=compiled')
  await exits(path.join(folder, 'compiled'), [], { cwd: world.folder })
  return { checks: checks + 1 }
}

async function rollup(world) {
  const all = await bundling(world, 'rollup', ROLLUP)
  const args = ['programs/app.mjs', '--format', 'es', '--external', '/^(node:|moonpool)/', '-o', 'dist/app.mjs']
  await all.run('rollup/dist/bin/rollup', ...args)
  return { checks: checksIn(await must(all.node, ['dist/app.mjs'], { cwd: all.folder })) }
}

async function webpack(world) {
  const node = await toolsNode(world)
  const common = "mode: 'production', target: 'node', entry: './programs/program.cjs'"
  const inside = "module: { rules: [{ test: /\\.node$/, loader: 'node-loader' }] }"
  const all = await bundling(
    world,
    'webpack',
    WEBPACK,
    {
      'outside.config.js': `module.exports = { ${common}, externals: { moonpool: 'commonjs moonpool' }, output: { path: __dirname + '/outside' } }\n`,
      'inside.config.js': `module.exports = { ${common}, ${inside}, output: { path: __dirname + '/inside' } }\n`,
    },
    node,
  )
  const bundle = (config) => all.run('webpack-cli/bin/cli.js', '--config', config)
  await bundle('outside.config.js')
  const outside = await runProgram(all.folder, [all.node], { program: 'outside/main.js' })
  await bundle('inside.config.js')
  return { checks: outside + (await runAlone(world, all, 'inside', 'main.js')) }
}

async function vite(world) {
  const all = await bundling(world, 'vite', VITE, {}, await toolsNode(world))
  await all.run('vite/bin/vite.js', 'build', '--ssr', 'programs/app.mjs')
  const file = readdirSync(path.join(all.folder, 'dist')).find((name) => /^app\.m?js$/.test(name))
  return { checks: checksIn(await must(all.node, [`dist/${file}`], { cwd: all.folder })) }
}

export default [
  { name: 'esbuild', group: 'Bundled by', what: 'esbuild 0.28.2', isCheap: true, run: esbuild },
  { name: 'rollup', group: 'Bundled by', what: 'rollup 4.68.7', isCheap: true, run: rollup },
  { name: 'bun-build', group: 'Bundled by', what: `Bun ${BUN}`, run: bun },
  { name: 'webpack', group: 'Bundled by', what: 'webpack 5.112.2', run: webpack },
  { name: 'vite', group: 'Bundled by', what: 'Vite 8.3.8 for servers', run: vite },
]
