// isolated-vm: an isolate for each call, with limits as moonpool has them.
import { LIMITS, load } from './isolated.mjs'

export async function open({ job }) {
  const { ivm, version } = load()
  const code = job.javascript('$0', (value) => value)
  const args = job.given === undefined ? [] : [job.given]
  const call = async () => {
    const isolate = new ivm.Isolate({ memoryLimit: LIMITS.megabytes })
    try {
      const context = await isolate.createContext()
      return await context.evalClosure(code, args, LIMITS.call)
    } finally {
      isolate.dispose()
    }
  }
  return { version, call, close: () => {} }
}
