// Chromium for the tests of the page of the playground.
import { prepareProgram } from './debian.mjs'

/** Those tests. */
export const TESTS_IN_CHROMIUM = '__tests__/serve-page.test.js'

/** Sees to it that `chromium` is there, if that is possible; else says that tests will be skipped. */
export const prepareChromium = () => prepareProgram('chromium', 'Chromium')
