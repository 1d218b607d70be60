// What both ways to use isolated-vm have in common: the version for this Node.js, and limits.
import { createRequire } from 'node:module'
import { isolatedVm, MEMORY, TIMEOUT, versionOf } from '../places.mjs'

export const LIMITS = {
  megabytes: MEMORY / 2 ** 20,
  call: { arguments: { copy: true }, result: { copy: true }, timeout: TIMEOUT },
}

export function load() {
  const name = isolatedVm()
  return { ivm: createRequire(import.meta.url)(name), version: versionOf(name) }
}
