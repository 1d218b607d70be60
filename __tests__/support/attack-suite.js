// The tests of one section of the attack corpus, one for each script.
'use strict'

const {
  NOISE_OF_OTHER_TESTS,
  attackNames,
  complaints,
  hastened,
  readAttack,
  runAttack,
  startAttacks,
} = require('./attack')

/** Each script has a process of its own, unless the variable MOONPOOL_ATTACKS says `together`: see `npm run test:quick`. */
const areTogether = process.env.MOONPOOL_ATTACKS === 'together'

function testAttacks(section) {
  const attacks = attackNames(section).map(readAttack)
  if (areTogether) return testTogether(attacks.map(hastened))
  for (const attack of attacks) {
    test(titleOf(attack), async () => {
      expect(complaints(attack, await runAttack(attack))).toEqual([])
    })
  }
}

/** One after the other in one process, or in the next one when that has died of an attack. */
function testTogether(attacks) {
  const together = startAttacks()
  for (const attack of attacks) {
    test(titleOf(attack), async () => {
      expect(complaints(attack, await together.run(attack), NOISE_OF_OTHER_TESTS)).toEqual([])
    })
  }
  afterAll(async () => {
    const last = await together.end()
    if (last) expect(complaints(last.attack, last.seen)).toEqual([])
  })
}

const titleOf = ({ name, mechanism }) => `${name}: ${mechanism}`

module.exports = { testAttacks }
