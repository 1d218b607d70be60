// The door of moonpool/opentelemetry for import: the same objects that require() gives.
export { default, traceRuns } from './opentelemetry.js'
