// manifest.json beside the packages: what each is, of which commit, and which could not be built.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Of the packages in a folder. `names` are those of all packages, in order. */
export class Manifest {
  #file
  #folder
  #names
  #version
  #all = new Map()

  /** With what is there already, of this version, where `isKept`. Else the folder is emptied. */
  constructor(folder, { version, names, isKept }) {
    this.#folder = folder
    this.#file = path.join(folder, 'manifest.json')
    this.#version = version
    this.#names = names
    const before = isKept && existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, 'utf8')) : undefined
    if (before?.version === version) {
      for (const one of [...before.packages, ...before.notBuilt]) this.#all.set(one.name, one)
    } else {
      rmSync(folder, { recursive: true, force: true })
    }
    mkdirSync(folder, { recursive: true })
  }

  /** Puts down what became of a package: it has a `tarball`, or a `reason` why it was not built; then an older tarball goes. */
  put(one) {
    const { tarball } = this.#all.get(one.name) ?? {}
    if (tarball && tarball !== one.tarball) rmSync(path.join(this.#folder, tarball), { force: true })
    this.#all.set(one.name, one)
    writeFileSync(this.#file, `${JSON.stringify(this.content, null, 2)}\n`)
  }

  /** What the file says. */
  get content() {
    const all = this.#names.map((name) => this.#all.get(name)).filter(Boolean)
    const isBuilt = ({ tarball }) => tarball !== undefined
    return { version: this.#version, packages: all.filter(isBuilt), notBuilt: all.filter((one) => !isBuilt(one)) }
  }
}
