// prepack: npm runs it before it packs this folder, which needs the page of the playground.
import { buildPlayground } from './playground.mjs'

await buildPlayground()
