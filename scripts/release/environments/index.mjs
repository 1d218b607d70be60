// Everything that the packages are tried in, in order: one file each.
import bundlers from './bundlers.mjs'
import executables from './executables.mjs'
import installers from './installers.mjs'
import next from './next.mjs'
import node from './node.mjs'
import packed from './package.mjs'
import platforms from './platforms.mjs'
import runtimes from './runtimes.mjs'
import testRunners from './test-runners.mjs'
import typescript from './typescript.mjs'
import untried from './untried.mjs'

/** Each has a name, a group and what it is there; whether it is cheap; and `run`, which resolves with how many checks passed. */
export const ENVIRONMENTS = [
  ...node,
  ...runtimes,
  ...platforms,
  ...installers,
  ...testRunners,
  ...typescript,
  ...bundlers,
  ...next,
  ...executables,
  ...packed,
  ...untried,
]
