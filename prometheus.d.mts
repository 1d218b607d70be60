// The types of moonpool/prometheus for import: those of prometheus.d.ts, and the default export.
export * from './prometheus.js'
export { default } from './prometheus.js'
