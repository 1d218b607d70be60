// Programs that install packages: each makes its own kind of node_modules, or none.
import path from 'node:path'
import { TARGETS } from '../targets.mjs'
import { Missing } from '../toolbox.mjs'
import { must } from '../trial/execute.mjs'
import { checksIn, emptyProject, registryOf } from '../trial/project.mjs'
import { installed, toolsNode } from '../trial/tools.mjs'

const YARN = '@yarnpkg/cli-dist@4.18.1'

/** Installs moonpool by `add`, a command line of the tool, and runs the battery by `run`, which is one of the tool or of Node.js. */
async function tryWith(world, folder, { name, spec, file, files = () => ({}), add, run, takesAll }) {
  if (takesAll && world.built.length <= TARGETS.length) {
    throw new Missing('it takes the packages of all platforms, and not all of them were built')
  }
  const tools = await installed(name, [spec])
  const node = await toolsNode(world)
  const program = path.join(tools, 'node_modules', file)
  // pnpm 12 looks for its registry here only.
  emptyProject(folder, { '.npmrc': `registry=${world.registry.url}\n`, ...files(world.registry.url) })
  const options = {
    cwd: folder,
    env: {
      ...registryOf(world),
      HOME: folder,
      YARN_CACHE_FOLDER: path.join(folder, 'yarn-cache'),
      PATH: `${path.dirname(node)}:${process.env.PATH}`,
    },
  }
  await must(node, [program, ...add], options)
  const args = run ? [program, ...run] : []
  let checks = 0
  for (const one of ['programs/program.cjs', 'programs/entries.mjs']) {
    checks += checksIn(await must(node, [...args, one], options))
  }
  return { checks }
}

const berry = (linker) => ({
  spec: YARN,
  file: '@yarnpkg/cli-dist/bin/yarn.js',
  files: (url) => ({
    'yarn.lock': '',
    '.yarnrc.yml': [
      `nodeLinker: ${linker}`,
      `npmRegistryServer: "${url}"`,
      'unsafeHttpWhitelist: ["127.0.0.1"]',
      'enableGlobalCache: false',
      'enableTelemetry: false',
      'enableImmutableInstalls: false',
      'pnpEnableEsmLoader: true',
      '',
    ].join('\n'),
  }),
  add: ['add', 'moonpool'],
})

const npm = (version) => ({
  name: `npm-${version.split('.')[0]}`,
  what: `npm ${version}`,
  spec: `npm@${version}`,
  file: 'npm/bin/npm-cli.js',
  add: ['install', 'moonpool'],
})

const INSTALLERS = [
  ...['10.9.9', '11.21.2', '12.2.0'].map(npm),
  {
    name: 'pnpm',
    what: 'pnpm 10.34.8',
    spec: 'pnpm@10.34.8',
    file: 'pnpm/bin/pnpm.cjs',
    add: ['add', 'moonpool', '--store-dir', 'store'],
  },
  {
    name: 'pnpm-12',
    what: 'pnpm 12.21.0',
    spec: 'pnpm@12.21.0',
    file: 'pnpm/bin/pnpm.mjs',
    add: ['add', 'moonpool', '--store-dir', 'store'],
  },
  {
    name: 'yarn-1',
    what: 'Yarn 1.22.22',
    takesAll: true,
    spec: 'yarn@1.22.22',
    file: 'yarn/bin/yarn.js',
    add: ['add', 'moonpool', '--non-interactive', '--no-lockfile'],
  },
  { name: 'yarn', what: 'Yarn 4.18.1', ...berry('node-modules') },
  { name: 'yarn-pnp', what: "Yarn 4.18.1 with Plug'n'Play", ...berry('pnp'), run: ['node'] },
]

export default INSTALLERS.map((one) => ({
  name: one.name,
  group: 'Installed by',
  what: one.what,
  run: (world, folder) => tryWith(world, folder, one),
}))
