// What the program can do: each command has a file of its own, which is loaded when the command is given.
'use strict'

/** By name: what it is for, and where it is. */
const COMMANDS = {
  run: { summary: 'run a script', load: () => require('./run') },
  check: { summary: 'look for mistakes in scripts without running them', load: () => require('./check') },
  repl: { summary: 'type Lua, and see what it does', load: () => require('./repl') },
  serve: { summary: 'try out scripts in a page of your browser', load: () => require('./serve') },
  state: { summary: 'show what a SQLite database of State holds', load: () => require('./state') },
  new: { summary: 'begin a project', load: () => require('./new') },
  completion: { summary: 'print what completes commands in a shell', load: () => require('./completion') },
}

module.exports = { COMMANDS }
