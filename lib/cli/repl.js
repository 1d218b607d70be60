// moonpool repl: evaluates what is typed, line by line, in a context.
'use strict'

const readline = require('node:readline')
const { version } = require('../../package.json')
const { chunkOf, syntaxErrorOf } = require('./chunk')
const { ENGINE_OPTIONS, engineOf } = require('./engine')
const { tellFailure } = require('./failure')
const { LINES, historyFile, keepHistory, readHistory } = require('./history')
const { INTERRUPTED } = require('./interrupt')
const { KEYWORDS } = require('./lexer')
const { dim } = require('./paint')
const { Session } = require('./session')
const { readScript } = require('./source-file')
const { fail, say, tell } = require('./terminal')
const { UsageError } = require('./usage')

const OK = 0
const FAILED = 1

const HELP = `An expression gives its values, and a chunk that is not complete goes on in the next line. Tab completes names.
  .clear      begin with fresh globals
  .exit       end, as Ctrl-D does
  .help       print this
  .load FILE  evaluate a file
Ctrl-C stops what runs. A script that a limit or Ctrl-C has stopped takes its globals with it.
`

/** Resolves with the exit code. */
async function run(_operands, options) {
  const { engine, modules, limits } = await engineOf(options)
  try {
    for (const module of modules) engine.addModule(module.name, module.source)
    const session = new Session(engine, options.id ?? 'main', limits)
    await session.begin()
    const sources = new Map(modules.map(({ name, source }) => [name, source]))
    await new Repl(engine, session, sources).untilClosed()
    return OK
  } catch (error) {
    if (error.name !== 'LuaError') throw error
    tellFailure(error, (chunk) => modules.find(({ name }) => name === chunk)?.source)
    return FAILED
  } finally {
    await engine.close()
  }
}

class Repl {
  #engine
  #session
  #sources
  #lines
  #isTerminal = Boolean(process.stdin.isTTY && process.stdout.isTTY)
  // What was typed of a chunk that is not complete.
  #begun = ''
  // Lines that are to be evaluated, one after the other.
  #work = Promise.resolve()
  // Of what runs.
  #stop
  #isLineOpen = false
  #wantsToLeave = false
  #isOver = false

  constructor(engine, session, sources) {
    this.#engine = engine
    this.#session = session
    this.#sources = sources
  }

  /** Resolves when the user has ended it, and nothing runs any more. */
  async untilClosed() {
    const file = historyFile()
    const output = this.#isTerminal ? process.stdout : undefined
    const history = this.#isTerminal ? readHistory(file) : []
    const completer = (line, tell) => this.#complete(line).then((found) => tell(null, found), tell)
    this.#lines = readline.createInterface({
      input: process.stdin,
      output,
      terminal: this.#isTerminal,
      history,
      historySize: LINES,
      completer,
    })
    if (this.#isTerminal) {
      say(`moonpool ${version}, Lua 5.4. Type .help for help.\n`)
      this.#keep(history, file)
    }
    const closed = new Promise((resolve) => this.#lines.once('close', resolve))
    this.#lines.on('SIGINT', () => this.#interrupt())
    this.#lines.on('line', (line) => {
      this.#work = this.#work.then(() => this.#take(line)).then(() => this.#prompt())
    })
    this.#prompt()
    await closed
    if (this.#isTerminal) this.#stop?.abort()
    await this.#work
    if (this.#begun !== '') fail(chunkOf(this.#engine, this.#begun).error.message)
    if (this.#isTerminal) say('\n')
  }

  /** Keeps what is typed. Says once when that is not possible. */
  #keep(history, file) {
    if (!keepHistory(file, history)) return tell(dim(`(what you type is not kept: ${file} cannot be written)\n`))
    this.#lines.on('history', (lines) => keepHistory(file, lines))
  }

  #prompt() {
    if (!this.#isTerminal || this.#lines.closed) return
    this.#lines.setPrompt(this.#begun === '' ? '> ' : '>> ')
    this.#lines.prompt()
  }

  async #take(line) {
    if (this.#isOver) return
    this.#wantsToLeave = false
    const [, command, operand] = (this.#begun === '' && /^\s*\.([a-z]+)\s*(.*?)\s*$/.exec(line)) || []
    if (command) return this.#command(command, operand)
    const text = this.#begun === '' ? line : `${this.#begun}\n${line}`
    const { code, error, isIncomplete } = chunkOf(this.#engine, text)
    this.#begun = isIncomplete ? text : ''
    if (isIncomplete) return
    if (error) return this.#tellFailure(error, text)
    await this.#evaluate(code, text)
  }

  async #command(name, operand) {
    if (name === 'help') say(HELP)
    else if (name === 'exit') this.#exit()
    else if (name === 'clear') await this.#session.begin()
    else if (name === 'load') await this.#load(operand)
    else fail(`there is no command '.${name}': there are .clear, .exit, .help and .load`)
  }

  /** Lines that are there already are not evaluated. */
  #exit() {
    this.#isOver = true
    this.#begun = ''
    this.#lines.close()
  }

  async #load(file) {
    try {
      const { source } = await readScript(file)
      // As Lua does with a file.
      const text = source.toString().replace(/^\ufeff?(?:#[^\r\n]*)?/, '')
      const error = syntaxErrorOf(this.#engine, text)
      if (error) this.#tellFailure(error, text)
      else await this.#evaluate(text, text)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      fail(error.message)
    }
  }

  async #evaluate(code, text) {
    this.#stop = new AbortController()
    const { signal } = this.#stop
    try {
      const values = await this.#session.evaluate(code, { signal, onOutput: (output) => this.#write(output) })
      this.#endLine()
      if (values !== undefined) say(`${values}\n`)
    } catch (error) {
      this.#endLine()
      if (signal.aborted) tell('stopped\n')
      else if (error.name === 'LuaError') this.#tellFailure(error, text)
      else throw error
    } finally {
      this.#stop = undefined
    }
    // A run that was stopped ends its context, as soon as it has ended itself.
    if (!signal.aborted && !this.#session.isOver) return
    tell(dim('(its globals are gone with it: from here on they are fresh)\n', process.stderr))
    await this.#session.begin()
  }

  #write(output) {
    this.#isLineOpen = !output.endsWith('\n')
    say(output)
  }

  #endLine() {
    if (this.#isLineOpen) say('\n')
    this.#isLineOpen = false
  }

  /** Of a line alone, the place is plain to see. */
  #tellFailure(error, text) {
    const typed = text.includes('\n') ? text : undefined
    tellFailure(error, (chunk) => (chunk === 'stdin' ? typed : this.#sources.get(chunk)))
  }

  /** Ctrl-C: stops what runs, else drops what was typed, else ends it the second time. */
  #interrupt() {
    if (this.#stop) {
      if (this.#stop.signal.aborted) process.exit(INTERRUPTED)
      return this.#stop.abort()
    }
    const wasEmpty = this.#begun === '' && this.#lines.line === ''
    if (wasEmpty && this.#wantsToLeave) return this.#lines.close()
    this.#wantsToLeave = wasEmpty
    say(wasEmpty ? '\n(Ctrl-C again ends this, as Ctrl-D and .exit do)\n' : '\n')
    this.#begun = ''
    // The end of the line, and then all before it.
    this.#lines.write(null, { ctrl: true, name: 'e' })
    this.#lines.write(null, { ctrl: true, name: 'u' })
    this.#prompt()
  }

  /** What the end of a line may become, as readline wants it. */
  async #complete(line) {
    if (/^\.[a-z]*$/.test(line)) return [startingWith(line, ['.clear', '.exit', '.help', '.load']), line]
    const [, path, mark, begun] = /((?:[A-Za-z_]\w*[.:])*?[A-Za-z_]\w*)?([.:])?([A-Za-z_]\w*)?$/.exec(line)
    const names = mark && path ? path.split(/[.:]/) : []
    const word = mark && path ? (begun ?? '') : (/[A-Za-z_]\w*$/.exec(line)?.[0] ?? '')
    // The context waits for what runs.
    if (this.#stop || (word === '' && names.length === 0)) return [[], word]
    const found = await this.#session.namesIn(names)
    return [startingWith(word, names.length > 0 ? found : [...found, ...KEYWORDS].sort()), word]
  }
}

const startingWith = (word, names) => names.filter((name) => name.startsWith(word))

module.exports = {
  usage: '[options]',
  about: 'Evaluates what is typed. What is read from no terminal is evaluated, too, and without prompts.',
  operands: [0, 0],
  options: ENGINE_OPTIONS,
  exitCodes: { 0: 'all is well', 1: 'a module does not compile', 2: 'the command is wrong', 130: 'stopped by Ctrl-C' },
  run,
}
