// Everything that the packages are tried in, in order: one file each.
import bundlers from './bundlers.mjs'
import installers from './installers.mjs'
import next from './next.mjs'
import node from './node.mjs'
import runtimes from './runtimes.mjs'
import testRunners from './test-runners.mjs'
import typescript from './typescript.mjs'

export const ENVIRONMENTS = [...node, ...runtimes, ...installers, ...testRunners, ...typescript, ...bundlers, ...next]
