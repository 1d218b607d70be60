// What the libraries of scripts cost: hashes against node:crypto, and searches against Rust's regex alone.
import { createHash } from 'node:crypto'
import { ratio, rounds, verdict } from './measure.mjs'

const ROUNDS = { count: 9, warmup: 2 }
/** In ms: longer than any part of this takes. */
const FOREVER = 600_000
const MIB = 2 ** 20
const HASHES = 20

/** Searches, each with the text, the pattern, and how often it is made in a round. */
const SEARCHES = {
  'a line, with groups': [
    '2024-05-17 08:30:00 GET /index.html 200 ann',
    String.raw`(\d{4})-(\d\d)-(\d\d) \S+ (\w+)`,
    20_000,
  ],
  '1 MiB, a literal at the end': [`${'x'.repeat(MIB)}needle`, 'needle', 500],
  '1 MiB, words at the end': [`${'some words and '.repeat(MIB / 15)}ann@example.com`, String.raw`(\w+)@(\w+)\.com`, 20],
  '100 KiB, one long match': ['ab '.repeat(33_000), String.raw`((?:\w+\s)+)`, 20],
}

export async function libraries({ moonpool, baselines }, { roundsOf = ROUNDS } = {}) {
  const engine = new moonpool.Engine({ concurrency: 1, defaults: { timeout: FOREVER } })
  /** ms of a thread's time. */
  const time = async (code, args) => (await engine.run(code, 'bench', { args })).stats.cpuTime

  const block = Buffer.alloc(MIB, 'x')
  const hashes = await rounds(
    {
      crypto: () => time(`local s = ('x'):rep(${MIB}) for i = 1, ${HASHES} do crypto.sha256(s) end`),
      node: () => {
        const start = performance.now()
        for (let i = 0; i < HASHES; i++) createHash('sha256').update(block).digest()
        return performance.now() - start
      },
    },
    roundsOf,
  )
  console.log("\nLibraries: hashes beside those of node:crypto, searches beside those of Rust's regex")
  verdict('crypto.sha256 of 1 MiB / node:crypto', ratio(hashes, 'crypto', 'node'), { atMost: 1.1 })
  for (const [name, [text, pattern, times]] of Object.entries(SEARCHES)) {
    const taken = await rounds(
      {
        ours: () => time(`local s, p = ... for i = 1, ${times} do regex.match(s, p) end`, [text, pattern]),
        rusts: () => baselines.benchRegex(pattern, text, times),
      },
      roundsOf,
    )
    verdict(`regex.match / regex: ${name}`, ratio(taken, 'ours', 'rusts'), { atMost: 1.5 })
  }
  await engine.close()
}
