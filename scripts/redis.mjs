// Redis for the tests of the store there.
import { prepareProgram } from './debian.mjs'

/** Sees to it that `redis-server` is there, if that is possible; else says that tests will be skipped. */
export const prepareRedis = () => prepareProgram('redis-server', 'Redis')
