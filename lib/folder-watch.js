// A folder that is watched: what changes in it changes what was added from it, and what is wrong with it is told.
//
// What the system says of changes is only taken as a hint to look again. So it does not matter how an editor writes.
'use strict'

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
// Not the globals, which a test runner may have replaced by fake ones.
const { clearInterval, clearTimeout, setInterval, setTimeout } = require('node:timers')
const { scanned } = require('./folder')
const { outside } = require('./native')
const { timeInTurn } = require('./slices')
const { checkPath, readSource } = require('./source')

/** It looks again when nothing has happened for so long, in ms: several files, or one in several steps, may be written. */
const QUIET = 50

/** It looks again after so long in any case. */
const PATIENCE = 500

/** A file that is missing is looked for again after so long, in ms, before it is taken to be gone. */
const RENAMED = 100

/** Clocks of files tick that slowly at most, in ms: when a file was changed just now, it may change without being seen to. */
const TICK = 3000

/** Where the system does not tell of changes, it looks so often, in ms. */
const POLL = 1000

/** Of engines that nobody has closed. */
const dropped = new FinalizationRegistry((watch) => watch.end())

class FolderWatch {
  #folder
  #maxSource
  // Where it was added. Weak, as the system holds what it calls: a watch keeps no engine alive.
  #added
  // By name: the file that it came from, what it was like, and whether it was missing when it was last looked for.
  #known = new Map()
  // What was said last of a file, or of the folder, so that it is said once.
  #told = new Map()
  #watchers = new Map()
  #folders
  #poll
  #timer
  #firesAt
  // Since when something may have changed, and when it looks.
  #since
  #lookAt
  #looking = false
  #again = false
  #ended = false

  /** Of a folder in which this was `found`; `weak` is where that was added. */
  constructor(folder, { sources, folders }, maxSource, weak) {
    this.#folder = path.resolve(checkPath(folder))
    this.#maxSource = maxSource
    this.#added = weak
    this.#folders = folders
    dropped.register(weak.deref(), this)
    // Not what they were like: they may have changed since they were read.
    for (const { name, file, hash } of sources) this.#known.set(name, { file, hash })
  }

  async begin() {
    await this.#listen(this.#folders)
    this.#hear()
  }

  end() {
    this.#ended = true
    clearTimeout(this.#timer)
    clearInterval(this.#poll)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  /**
   * Listens to these folders and to no others, but to the one around them, in which the folder may be exchanged. Says whether
   * it has not listened to some of them before.
   */
  async #listen(folders) {
    const within = new Set(folders)
    const wanted = new Set(folders).add(path.dirname(this.#folder))
    for (const [folder, watcher] of this.#watchers) {
      if (wanted.has(folder)) continue
      await timeInTurn()
      watcher.close()
      this.#watchers.delete(folder)
    }
    let isMore = false
    for (const folder of wanted) {
      if (this.#watchers.has(folder)) continue
      await timeInTurn()
      // It was ended meanwhile, or another look has come first.
      if (this.#ended || this.#watchers.has(folder)) continue
      const concerns = within.has(folder) ? undefined : path.basename(this.#folder)
      outside(() => this.#listenTo(folder, concerns))
      isMore ||= this.#watchers.has(folder)
    }
    return isMore
  }

  #listenTo(folder, concerns) {
    try {
      // When a folder is gone, what stands there now is another one: it is listened to when that is looked at.
      const lose = () => {
        watcher.close()
        if (this.#watchers.get(folder) === watcher) this.#watchers.delete(folder)
        this.#hear()
      }
      const watcher = fs.watch(folder, { persistent: false }, (event, name) => {
        if (event === 'rename' && name === path.basename(folder)) lose()
        else if (concerns === undefined || name === null || name === concerns) this.#hear()
      })
      watcher.on('error', lose)
      this.#watchers.set(folder, watcher)
    } catch {
      this.#poll ??= setInterval(() => this.#hear(), POLL).unref()
    }
  }

  /** Something may have changed. It looks soon. */
  #hear(after = QUIET) {
    if (this.#ended) return
    if (this.#added.deref() === undefined) return this.end()
    const now = performance.now()
    this.#since ??= now
    this.#lookAt = Math.min(now + after, this.#since + PATIENCE)
    // Thousands of changes may be told in one turn: a timer that is early enough is not set anew for each.
    if (this.#timer === undefined || this.#lookAt < this.#firesAt) this.#arm(now)
  }

  #arm(now) {
    clearTimeout(this.#timer)
    this.#firesAt = this.#lookAt
    outside(() => {
      this.#timer = setTimeout(() => this.#fire(), Math.max(0, this.#lookAt - now)).unref()
    })
  }

  #fire() {
    this.#timer = undefined
    const now = performance.now()
    // Timers may be early by less than a millisecond.
    if (now < this.#lookAt - 1) this.#arm(now)
    else this.#look()
  }

  async #look() {
    this.#since = undefined
    if (this.#looking) {
      this.#again = true
      return
    }
    this.#looking = true
    try {
      await this.#update()
      this.#told.delete(this.#folder)
    } catch (error) {
      // Of the folder itself. What was in it stays: it may be on its way.
      this.#tell(error, this.#folder)
    }
    this.#looking = false
    if (this.#again) this.#hear()
    this.#again = false
  }

  async #update() {
    const wrong = new Map()
    const known = (name) => this.#known.get(name)?.file
    const { files, folders } = await scanned(
      this.#folder,
      this.#added.deref()?.kind,
      (error, file) => wrong.set(file, error),
      known,
    )
    if (this.#ended) return
    // What happened before it listened it has not heard.
    if (await this.#listen(folders)) this.#hear()
    if (this.#ended) return
    const added = []
    for (const found of files) {
      await timeInTurn()
      const one = this.#isKnown(found) ? undefined : await this.#read(found, wrong)
      if (this.#ended) return
      if (one && this.#compile(one)) added.push(one)
    }
    this.#added.deref()?.changeBy(this, this.#missing(files, wrong), added)
    for (const { name, file, hash, print } of added) this.#known.set(name, { file, hash, print })
    for (const [file, error] of wrong) this.#tell(error, file)
    const there = new Set(files.map(({ file }) => file))
    for (const file of this.#told.keys())
      if (file !== this.#folder && !wrong.has(file) && !there.has(file)) this.#told.delete(file)
  }

  #isKnown({ name, file, print }) {
    const known = this.#known.get(name)
    const said = this.#told.get(file)
    return (known?.file === file && known.print === print) || said?.print === print
  }

  /** Reads a file that may have changed. Returns nothing when it is what it was, or cannot be read. */
  async #read({ name, file, print }, wrong) {
    // A file whose time is to come is on another machine.
    const isFresh = Math.abs(Date.now() - changedAt(print)) < TICK
    try {
      const source = await readSource(file, this.#maxSource)
      const hash = hashOf(source)
      const known = this.#known.get(name)
      const seen = isFresh ? undefined : print
      if (known?.file !== file || known.hash !== hash) return { name, file, source, hash, print: seen }
      known.print = seen
      // It was wrong meanwhile.
      this.#told.delete(file)
    } catch (error) {
      wrong.set(file, error)
    }
    return undefined
  }

  #compile(one) {
    try {
      one.compiled = this.#added.deref()?.compileFor(this, one)
      this.#told.delete(one.file)
      return one.compiled !== undefined
    } catch (error) {
      this.#tell(error, one.file, one)
      return false
    }
  }

  /** The names that are missing for the second time. Once is not enough: a file is gone for a moment when it is renamed. */
  #missing(files, wrong) {
    const there = new Set(files.map(({ name }) => name))
    const gone = []
    for (const [name, known] of this.#known) {
      // A file that cannot be looked at is not gone.
      const isThere = there.has(name) || (wrong.has(known.file) && wrong.get(known.file).code !== 'ENOENT')
      if (!isThere && known.missing) {
        gone.push(name)
        this.#known.delete(name)
      } else {
        known.missing = !isThere
        if (!isThere) this.#hear(RENAMED)
      }
    }
    return gone
  }

  /** Says once what is wrong with a file; of one that is gone, nothing. */
  #tell(error, file, { name, print, hash } = {}) {
    if (error.code === 'ENOENT' && file !== this.#folder) return
    const said = this.#told.get(file)
    this.#told.set(file, { message: error.message, hash, print })
    if (said?.message === error.message && said.hash === hash) return
    this.#added.deref()?.tell(error, name)
  }
}

/** When a file was last changed, in ms, by what `print` says of it. */
const changedAt = (print) => Math.max(...print.split(',').slice(-2).map(Number))

const hashOf = (source) => createHash('sha256').update(source).digest('base64')

module.exports = { FolderWatch, hashOf }
