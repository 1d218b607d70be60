// isolated-vm: one isolate, and in it a context for each call.
import { LIMITS, load } from './isolated.mjs'

export async function open({ job }) {
  const { ivm, version } = load()
  const code = job.javascript('$0', (value) => value)
  const args = job.given === undefined ? [] : [job.given]
  const isolate = new ivm.Isolate({ memoryLimit: LIMITS.megabytes })
  const call = async () => {
    const context = await isolate.createContext()
    try {
      return await context.evalClosure(code, args, LIMITS.call)
    } finally {
      context.release()
    }
  }
  return { version, call, close: () => isolate.dispose() }
}
