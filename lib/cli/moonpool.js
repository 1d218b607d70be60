#!/usr/bin/env node
// The program that `npx moonpool` runs.
'use strict'

const { main } = require('./main')
const { ended } = require('./terminal')

ended()

main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode
})
