// The types of the public door for import: those of index.d.ts, and the default export.
export * from './index.js'
export { default } from './index.js'
