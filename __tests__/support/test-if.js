// Tests that only some machines can run: the others skip them.
'use strict'

const testIf = (isSo) => (isSo ? test : test.skip)

const describeIf = (isSo) => (isSo ? describe : describe.skip)

const unixTest = testIf(process.platform !== 'win32')

/** For root there is no file that must not be read. */
const isRoot = process.getuid?.() === 0

module.exports = { describeIf, isRoot, testIf, unixTest }
