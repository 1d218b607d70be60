// The types of moonpool/testing for import: those of testing.d.ts, and the default export.
export * from './testing.js'
export { default } from './testing.js'
