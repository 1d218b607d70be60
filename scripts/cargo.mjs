// Builds with cargo, and says in one line how far it is.
import { DRAWS, Progress } from './progress.mjs'
import { pipe } from './run.mjs'

/**
 * Runs cargo, or what calls it. Silent when there is nothing to build. Resolves with the exit code and with what was printed
 * to stdout. `options` are those of `Progress`.
 */
export async function build(words, command, args, options) {
  const progress = new Progress(words, options)
  let stdout = ''
  const onOutput = (piece, stream) => {
    if (stream === 'stdout') stdout += piece
    else progress.take(piece)
  }
  const color = process.stderr.isTTY ? { CARGO_TERM_COLOR: 'always' } : {}
  const exitCode = await pipe(command, args, onOutput, { env: { ...DRAWS, ...color } })
  progress.end(exitCode)
  return { exitCode, stdout }
}
