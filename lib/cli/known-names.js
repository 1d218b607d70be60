// The names that a script finds in a VM: its globals, and what is in its libraries.
'use strict'

const { registry } = require('../native')

/** What is in these tables is the host's own choice. */
const OPEN = new Set(['Shared'])

/** Asked of a VM: each global, and of tables what is in them. */
const SOURCE = `
  local found = {}
  for name, value in pairs(_G) do
    local fields = {}
    if type(value) == "table" then
      for field in next, value do fields[#fields + 1] = field end
    end
    found[name] = json.array(fields)
  end
  return found`

/** The globals of a VM of this engine, by name; with the set of its fields for each library that is the same for all. */
async function knownNames(engine) {
  const { value } = await engine.run(SOURCE, 'moonpool')
  const isClosed = (name) => registry.libraries.includes(name) && !OPEN.has(name)
  return new Map(Object.entries(value).map(([name, fields]) => [name, isClosed(name) ? new Set(fields) : undefined]))
}

module.exports = { knownNames }
