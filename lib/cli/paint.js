// Colours: where the output is a terminal, or as NO_COLOR, FORCE_COLOR, --color and --no-color say.
'use strict'

const util = require('node:util')

/** What the user has said of it, if anything. */
let wanted

/** Decides for all that is painted from now on; with undefined the environment decides. */
function setColour(on) {
  wanted = on
}

/** Whether colours are shown on a stream. */
function isColoured(stream = process.stdout) {
  if (wanted !== undefined) return wanted
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  return !NO_COLOR && stream.isTTY === true && TERM !== 'dumb'
}

/** Node.js 20 has `styleText` from 20.12 on; its own view of the stream is of later versions. */
function painter(format) {
  return (text, stream) =>
    isColoured(stream) && util.styleText ? util.styleText(format, text, { validateStream: false }) : text
}

const [bold, red, yellow, green, dim, cyan] = ['bold', 'red', 'yellow', 'green', 'gray', 'cyan'].map(painter)

module.exports = { bold, cyan, dim, green, isColoured, red, setColour, yellow }
