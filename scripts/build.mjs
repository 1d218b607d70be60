// npm run build: the release build of the addon, and its types, binding.d.ts.
import { installTypes } from './addon.mjs'
import { setup } from './setup.mjs'

await setup()
installTypes()
console.log('built: the addon and binding.d.ts are up to date')
