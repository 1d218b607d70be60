// What Jest does before all tests: it brings the addon up to date. Silent when it is.
import { setup } from '../../scripts/setup.mjs'

/** `npm test` has built it already, and says so. Whoever starts Jest directly wants an answer in seconds. */
export default async () => {
  const profile = process.env.MOONPOOL_PROFILE ?? 'quick'
  if (profile !== 'built') await setup(profile)
}
