// Chooses tests of both languages: by patterns, and for the quick run without what is on the list of quick.mjs.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './run.mjs'

/** A pattern is a part of a name, or the whole path of a file. Of several patterns, one has to match. */
export class Selection {
  #left = new Set()

  constructor(patterns, leftOut = []) {
    this.patterns = patterns
    this.leftOut = leftOut
  }

  /** The chosen tests of a Rust program: all when the program's own name matches. */
  rustTests({ name, file, tests }) {
    const wanted = this.#matches(name, file) ? tests : tests.filter((test) => this.#matches(test))
    const skipped = wanted.filter((test) => this.#isLeftOut(file, test))
    return wanted.filter((test) => !skipped.includes(test))
  }

  /** The chosen ones of Jest's files. */
  jestFiles(files) {
    const wanted = files.filter((file) => this.#matches(path.basename(file, '.test.js'), file))
    for (const entry of this.#partly(wanted)) this.#left.add(entry)
    return wanted.filter((file) => !this.#isLeftOut(file))
  }

  /** The names of tests to leave out of Jest's files, of which the rest is run. */
  jestSkips(files) {
    return this.#partly(files).flatMap(({ tests }) => tests)
  }

  /** The entries of the list that would have been run without it. */
  whatIsLeftOut() {
    return this.leftOut.filter((entry) => this.#left.has(entry))
  }

  #matches(name, file) {
    return this.patterns.length === 0 || this.patterns.some((pattern) => name.includes(pattern) || file === pattern)
  }

  #partly(files) {
    return this.leftOut.filter(({ file, tests }) => tests && files.includes(file))
  }

  /** Whether the list names a test, or the whole file when no test is asked for. */
  #isLeftOut(file, test) {
    const entry = this.leftOut.find(
      (entry) => entry.file === file && (!entry.tests || entry.tests.some((name) => test?.endsWith(name))),
    )
    if (entry) this.#left.add(entry)
    return entry !== undefined
  }
}

/** The entries of a list that name no file, or a test that is not in it: such a list has been forgotten. */
export function staleEntries(list) {
  const textOf = (file) => readFileSync(path.join(root, file), 'utf8')
  return list.filter(({ file, tests = [] }) => {
    return !existsSync(path.join(root, file)) || !tests.every((name) => textOf(file).includes(name))
  })
}
