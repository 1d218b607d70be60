// The types of moonpool/opentelemetry for import: those of opentelemetry.d.ts, and the default export.
export * from './opentelemetry.js'
export { default } from './opentelemetry.js'
