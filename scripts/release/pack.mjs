// Packs folders into tarballs, and says what came of it: files, sizes, and SHA-256.
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { capture, npm } from '../run.mjs'

/** The SHA-256 of a file, in hex. */
export const sha256 = (file) => createHash('sha256').update(readFileSync(file)).digest('hex')

/** Packs the package in `folder` into a tarball in `to`, and resolves with what the manifest says of it. */
export function pack(folder, to) {
  const [command, args] = npm(
    'pack',
    folder,
    '--pack-destination',
    to,
    '--json',
    '--ignore-scripts',
    '--loglevel=error',
  )
  const { exitCode, stdout } = capture(command, args, { cwd: folder })
  if (exitCode !== 0) throw new Error(`npm pack failed for ${folder}`)
  const [packed] = JSON.parse(stdout)
  const tarball = path.join(to, packed.filename)
  return {
    name: packed.name,
    version: packed.version,
    tarball: packed.filename,
    bytes: statSync(tarball).size,
    sha256: sha256(tarball),
    files: packed.files.map((file) => file.path).sort(),
  }
}
