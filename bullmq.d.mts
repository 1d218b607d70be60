// The types of moonpool/bullmq for import: those of bullmq.d.ts, and the default export.
export * from './bullmq.js'
export { default } from './bullmq.js'
