// What scripts that log cost: a call whose level is off, one whose entry is taken, and output that comes as it is written.
import { median, verdict } from './measure.mjs'

const CALLS = 1e6
const ROUNDS = 15

/** A loop, and the same without the call: what the call takes, in ns. */
const LOOP = (body) => `local fields = { a = 1 } for i = 1, ${CALLS} do ${body} end`

async function nsOf(engine, body, options) {
  const taken = []
  for (let i = 0; i < ROUNDS; i++) {
    const [{ stats: own }, { stats: empty }] = [
      await engine.run(LOOP(body), 'bench', options),
      await engine.run(LOOP(''), 'bench', options),
    ]
    taken.push(((own.cpuTime - empty.cpuTime) * 1e6) / CALLS)
  }
  return median(taken)
}

export async function logs({ moonpool: { Engine } }) {
  console.log('\nLogs, in ns for each call')
  const engine = new Engine({ defaults: { timeout: 60_000, memoryLimit: 2 ** 30 } })
  engine.on('log', () => {})
  verdict('its level is off', await nsOf(engine, 'log.debug("x")'), { atMost: 1000, digits: 0 })
  verdict('its level is off, with fields', await nsOf(engine, 'log.debug("x", fields)'), { atMost: 1000, digits: 0 })
  verdict('maxLog is used up', await nsOf(engine, 'log.info("x", fields)', { maxLog: 0 }), { atMost: 1000, digits: 0 })
  const roomy = { maxLog: 2 ** 31 - 1 }
  console.log(
    `    taken: ${(await nsOf(engine, 'if i % 100 == 0 then log.info("x") end', roomy)).toFixed(1)} for a hundredth`,
  )
  const streamed = { maxOutput: 2 ** 30, onOutput: () => {} }
  const [gathered, told] = [
    await nsOf(engine, 'io.write("0123456789")', { maxOutput: 2 ** 30 }),
    await nsOf(engine, 'io.write("0123456789")', streamed),
  ]
  verdict('io.write with onOutput / without', told / gathered, { atMost: 2, digits: 2 })
  await engine.close()
}
