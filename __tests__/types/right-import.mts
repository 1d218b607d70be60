// The same types for ECMAScript modules: named imports, and the default import that index.mjs gives.
import moonpool, { LuaError, runLua } from 'moonpool'
import bullmq, { createProcessor } from 'moonpool/bullmq'
import opentelemetry, { traceRuns } from 'moonpool/opentelemetry'
import prometheus, { registerMetrics } from 'moonpool/prometheus'
import testing, { createTester } from 'moonpool/testing'

const text: string = await runLua('return 1', 'tenant-1')
const same: typeof runLua = moonpool.runLua
const sameClass: typeof LuaError = moonpool.LuaError

const sameTester: typeof createTester = testing.createTester
const sameMetrics: typeof registerMetrics = prometheus.registerMetrics
const sameTraces: typeof traceRuns = opentelemetry.traceRuns
const sameProcessor: typeof createProcessor = bullmq.createProcessor

export { same, sameClass, sameMetrics, sameProcessor, sameTester, sameTraces, text }
