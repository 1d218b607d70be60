// Measuring: rounds of every contestant in turn, medians, and ratios taken round by round.

/** The middle value. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
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

/** The median of the ratios of two contestants, round by round. */
export function ratio(taken, name, baseline) {
  return median(taken[name].map((time, round) => time / taken[baseline][round]))
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
