// What Jest does before all tests: it brings the addon, and the page of the playground, up to date. Silent when they are.
import { buildPlayground } from '../../scripts/playground.mjs'
import { setup } from '../../scripts/setup.mjs'

/** `npm test` has built it already, and says so. Whoever starts Jest directly wants an answer in seconds. */
export default async () => {
  const profile = process.env.MOONPOOL_PROFILE ?? 'quick'
  if (profile === 'built') await buildPlayground()
  else await setup(profile)
}
