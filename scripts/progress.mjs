// Says in one line how far cargo is: on a terminal the line is written anew, elsewhere one follows now and then.
import { stripVTControlCharacters } from 'node:util'

/** What cargo draws while it works, where it is asked to: `Building [===>   ] 12/57: syn, mlua`. */
export const DRAWS = { CARGO_TERM_PROGRESS_WHEN: 'always', CARGO_TERM_PROGRESS_WIDTH: '100' }
const BAR = /^\s*(\w+) \[[=> ]*\]\s*(?:(\d+)\/(\d+)(?:: (.*?))?)?\s*$/

/** From such a line on there is something to wait for. */
const WORK = /^\s*(Compiling|Checking|Downloading|Updating|Blocking) (.*)/
/** These lines are of interest only when something fails. */
const STATUS = /^\s*(Compiling|Checking|Download\w*|Updating|Locking|Adding|Blocking|Finished|Executable) /

/** How long it takes until the line is written anew, or another one follows. */
const PAUSE = { terminal: 1000, elsewhere: 20_000 }

export class Progress {
  #words
  #write
  #columns
  #isTerminal
  #start = performance.now()
  #kept = []
  #rest = ''
  #at = ''
  #timer

  /** `words` say what is done. `columns` is the width of the terminal. `isTerminal` is false where others write beside this, too. */
  constructor(words, { stream = process.stderr, isTerminal = stream.isTTY === true, pause } = {}) {
    this.#words = words
    this.#write = (text) => stream.write(text)
    this.#columns = () => stream.columns || 80
    this.#isTerminal = isTerminal
    this.pause = pause ?? (isTerminal ? PAUSE.terminal : PAUSE.elsewhere)
  }

  /** Takes what cargo says, piece by piece. */
  take(piece) {
    const lines = (this.#rest + piece).split(/\r?\n|\r/)
    this.#rest = lines.pop()
    for (const line of lines) this.#takeLine(line)
  }

  /** Ends it: with all that was said where it failed, and with the warnings where it did not. */
  end(exitCode) {
    if (this.#rest !== '') this.#takeLine(this.#rest)
    clearInterval(this.#timer)
    if (this.#timer) this.#show(exitCode === 0 ? 'done' : 'failed', true)
    const rest = exitCode === 0 ? this.#kept.filter((line) => !STATUS.test(stripVTControlCharacters(line))) : this.#kept
    const isSilent = exitCode === 0 && !rest.some((line) => /^warning/.test(stripVTControlCharacters(line)))
    if (!isSilent) this.#write(`${rest.join('\n')}\n`)
  }

  #takeLine(line) {
    const text = stripVTControlCharacters(line)
    // What cargo wipes a line with.
    if (text !== '' && text.trim() === '') return
    const bar = BAR.exec(text)
    if (!bar) this.#kept.push(line)
    const [, work, what] = bar ? [] : (WORK.exec(text) ?? [])
    if (bar?.[2]) this.#at = `${bar[2]} of ${bar[3]} steps${bar[4] ? ` (${bar[4]})` : ''}`
    else if (bar) this.#at = bar[1].toLowerCase()
    else if (work && work !== 'Compiling' && work !== 'Checking') this.#at = `${work.toLowerCase()} ${what}`
    if (work && !this.#timer) this.#begin()
    else if (this.#timer && this.#isTerminal) this.#show(this.#at)
  }

  #begin() {
    this.#timer = setInterval(() => this.#show(this.#at), this.pause).unref()
    if (this.#isTerminal) this.#show(this.#at)
    else this.#write(`${this.#words}\n`)
  }

  #show(state, isLast = false) {
    const line = `${this.#words}: ${state === '' ? '' : `${state}, `}${duration(performance.now() - this.#start)}`
    if (!this.#isTerminal) return this.#write(`${line}\n`)
    // A line that is broken into two cannot be written anew.
    this.#write(`\r\x1b[K${line.slice(0, this.#columns() - 1)}${isLast ? '\n' : ''}`)
  }
}

function duration(ms) {
  const seconds = Math.round(ms / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
