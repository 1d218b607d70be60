// The door of moonpool/bullmq for import: the same objects that require() gives.
export { createProcessor, currentJob, default } from './bullmq.js'
