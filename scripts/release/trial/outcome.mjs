// Tries one environment, and says what came of it.
import path from 'node:path'
import { Missing } from '../toolbox.mjs'

/** Resolves with what came of it, whatever that is: what fails stops no other. */
export async function outcomeOf({ name, group, what, run }, world) {
  const start = performance.now()
  const result = { name, group, what }
  const tell = (words) => console.log(`${name}: ${words} (${Math.round((performance.now() - start) / 1000)} s)`)
  try {
    const { checks, version, checked } = await run(world, path.join(world.folder, name))
    if (!checked && !(checks > 0)) throw new Error('no check ran')
    tell(checked ? `not run, only checked: ${checked}` : `${checks} checks passed`)
    if (checked) return { ...result, outcome: 'checked', why: checked }
    return { ...result, what: version ? what.replace('Node.js', `Node.js ${version}`) : what, outcome: 'ran', checks }
  } catch (error) {
    const isMissing = error instanceof Missing
    tell(isMissing ? `not tried: ${error.message}` : `FAILED: ${error?.stack ?? error}`)
    const [why] = `${error?.message ?? error}`.split('\n', 1)
    return { ...result, outcome: isMissing ? 'not tried' : 'failed', why }
  }
}
