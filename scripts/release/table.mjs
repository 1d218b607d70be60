// What npm run release:build prints at its end: what became of each package.

/** A table of the packages of a manifest: how large, what it needs of its system, on what it has been run or why not. */
export function tableOf({ packages, notBuilt }) {
  const rows = [
    ['package', 'packed', 'checked', 'run'],
    ...packages.map((one) => [one.name, megabytes(one.bytes), needed(one), tried(one)]),
    ...notBuilt.map(({ name, reason }) => [name, '-', '-', `not built: ${reason.split('\n')[0]}`]),
  ]
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)))
  const line = (row) => row.map((cell, i) => cell.padEnd(widths[i])).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`

function needed({ addon, needs }) {
  if (addon === undefined) return '-'
  if (needs.glibc) return `needs glibc ${needs.glibc}`
  return needs.macos ? `needs macOS ${needs.macos}` : 'yes'
}

function tried({ addon, ran, notRun }) {
  if (addon === undefined) return '-'
  return ran ?? `not run: ${notRun}`
}
