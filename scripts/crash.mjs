// npm run crash [times]: kills a process that writes to SQLite at random moments. Nothing that it has acknowledged is lost.
import { pipe } from './run.mjs'

const USAGE = 'npm run crash takes how often to kill, a whole number from 1 (default 200)'

const [times = '200', ...more] = process.argv.slice(2)
if (more.length > 0 || !/^[1-9]\d{0,5}$/.test(times)) {
  console.error(USAGE)
  process.exit(1)
}
const args = ['test', '-p', 'moonpool-core', '--locked', '--test', 'sqlite_kill', '--', '--nocapture']
process.exitCode = await pipe('cargo', args, (piece) => process.stdout.write(piece), { env: { MOONPOOL_KILLS: times } })
