// What users may have and this list does not try, with the reason: so that nobody takes silence for success.
import { Missing } from '../toolbox.mjs'

const UNTRIED = [
  ['electron', 'Electron', 'its program is not in the registry of npm'],
  ['functions', 'functions in the cloud', 'they run nowhere but there'],
]

export default UNTRIED.map(([name, what, why]) => ({
  name,
  group: 'Other places',
  what,
  async run() {
    throw new Missing(why)
  },
}))
