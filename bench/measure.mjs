// Measuring: rounds of every contestant in turn, medians and ratios of them, and figures with what is wanted of them.

/** The middle value. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** The smallest value that `percent` of all values do not exceed. */
export function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]
}

/** Prints a figure, what is wanted of it (`atMost` or `atLeast` so much), and whether that holds. */
export function verdict(name, figure, { atMost, atLeast, unit = '', digits = 2 }) {
  const shown = (value) => `${value.toFixed(digits)}${unit && ` ${unit}`}`
  const wanted = atMost === undefined ? `at least ${shown(atLeast)}` : `at most ${shown(atMost)}`
  const holds = atMost === undefined ? figure >= atLeast : figure <= atMost
  console.log(`  ${name.padEnd(50)} ${shown(figure).padStart(10)}   wanted: ${wanted}   ${holds ? 'ok' : 'MISSED'}`)
}

/**
 * Runs each contestant once a round, in turn, so that a machine whose speed drifts treats all alike.
 * A contestant returns what one unit of its work took; the first rounds, while code warms up, are not counted.
 */
export async function rounds(contestants, { count, warmup = 2 }) {
  const taken = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]))
  for (let round = -warmup; round < count; round++) {
    for (const [name, contestant] of Object.entries(contestants)) {
      const time = await contestant()
      if (round >= 0) taken[name].push(time)
    }
  }
  return taken
}

/** The ratios of two contestants, round by round. */
export function ratios(taken, name, baseline) {
  return taken[name].map((time, round) => time / taken[baseline][round])
}

/** Their median. */
export function ratio(taken, name, baseline) {
  return median(ratios(taken, name, baseline))
}

/** µs per call of `calls` calls, `inFlight` at a time. */
export async function perCall(call, { calls, inFlight }) {
  const start = process.hrtime.bigint()
  let left = calls
  const lane = async () => {
    while (left-- > 0) await call()
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return Number(process.hrtime.bigint() - start) / 1000 / calls
}
