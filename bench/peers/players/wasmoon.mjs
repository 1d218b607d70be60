// wasmoon: an engine for each call. Values are copied, as all others do it.
import { LuaFactory } from 'wasmoon'
import { versionOf } from '../places.mjs'

export async function open({ job }) {
  const factory = new LuaFactory()
  const code = job.lua('given', (value) => value)
  const call = async () => {
    const lua = await factory.createEngine({ enableProxy: false })
    try {
      if (job.given !== undefined) lua.global.set('given', job.given)
      return await lua.doString(code)
    } finally {
      lua.global.close()
    }
  }
  return { version: versionOf('wasmoon'), call, close: () => {} }
}
