// The door of moonpool/prometheus for import: the same objects that require() gives.
export { default, registerMetrics } from './prometheus.js'
