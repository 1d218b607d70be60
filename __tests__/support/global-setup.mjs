// What Jest does before all tests: it brings the addon up to date. Silent when it is.
import { setup } from '../../scripts/setup.mjs'

/** `npm test` says by the variable which profile it wants. Whoever starts Jest directly wants an answer in seconds. */
export default () => setup(process.env.MOONPOOL_PROFILE ?? 'quick')
