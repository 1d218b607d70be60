// quickjs-emscripten: a runtime for each call, with limits as moonpool has them. Values cross as JSON.
import { getQuickJS, shouldInterruptAfterDeadline } from 'quickjs-emscripten'
import { MEMORY, TIMEOUT, versionOf } from '../places.mjs'

export async function open({ job }) {
  const quickjs = await getQuickJS()
  const isValue = job.given !== undefined
  const code = `(() => { ${job.javascript('JSON.parse(given)', (value) => `JSON.stringify(${value})`)} })()`
  const call = () => {
    const runtime = quickjs.newRuntime()
    runtime.setMemoryLimit(MEMORY)
    runtime.setInterruptHandler(shouldInterruptAfterDeadline(Date.now() + TIMEOUT))
    const context = runtime.newContext()
    try {
      if (isValue)
        context.newString(JSON.stringify(job.given)).consume((given) => context.setProp(context.global, 'given', given))
      const returned = context.unwrapResult(context.evalCode(code)).consume(context.dump)
      return isValue ? JSON.parse(returned) : returned
    } finally {
      context.dispose()
      runtime.dispose()
    }
  }
  return { version: versionOf('quickjs-emscripten'), call, close: () => {} }
}
