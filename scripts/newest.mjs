// When files were last changed, and what is in folders.
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'

/** The time of the last change of these files and folders, in ms since 1970; 0 if there are none. */
export function newestOf(files) {
  const times = files.map((file) => {
    const stats = statSync(file)
    const within = stats.isDirectory() ? newestOf(readdirSync(file).map((name) => path.join(file, name))) : 0
    return Math.max(stats.mtimeMs, within)
  })
  return Math.max(0, ...times)
}
