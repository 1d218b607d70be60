// What the page asks of its server, with the key that its address has brought.
const STORED = 'moonpool.key'

/** Nobody answers. */
export class Ended extends Error {
  constructor() {
    super('The playground does not answer. Start it again with: npx moonpool serve')
  }
}

/** Runs of one page are counted together. */
const page = crypto.randomUUID()

/** The key is in the address once: then this tab keeps it, and the address does not show it any more. */
function keyOf() {
  const given = new URLSearchParams(location.hash.slice(1)).get('key')
  try {
    if (given === null) return sessionStorage.getItem(STORED) ?? ''
    sessionStorage.setItem(STORED, given)
  } catch {
    return given ?? ''
  }
  history.replaceState(null, '', '/')
  return given
}

const key = keyOf()

// A new address in the same tab brings a new key.
addEventListener('hashchange', () => location.reload())

async function post(path, body, signal) {
  const headers = { 'content-type': 'application/json', 'x-moonpool-key': key }
  const response = await fetch(`/api/${path}`, { method: 'POST', headers, body: JSON.stringify(body), signal }).catch(
    (error) => {
      throw error.name === 'AbortError' ? error : new Ended()
    },
  )
  if (response.ok) return response
  const { error } = await response.json().catch(() => ({ error: `HTTP ${response.status}` }))
  const message = `${error[0].toUpperCase()}${error.slice(1)}.`
  throw Object.assign(new Error(message), { status: response.status })
}

/** Resolves with the answer. */
export async function ask(path, body) {
  return (await post(path, body)).json()
}

/** Resolves with what the page begins with. */
export const connect = () => ask('hello', {})

/** Runs a script. Each event is given to `hear`; resolves when there are no more. */
export async function listen({ code, id }, hear, signal) {
  const response = await post('run', { code, id, page }, signal)
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const lines = (rest + value).split('\n')
      rest = lines.pop()
      for (const line of lines) hear(JSON.parse(line))
    }
  } catch (error) {
    if (error.name === 'AbortError') return
    throw error instanceof TypeError ? new Ended() : error
  }
}
