// The door of moonpool/testing for import: the same objects that require() gives.
export { createTester, default, sequence } from './testing.js'
