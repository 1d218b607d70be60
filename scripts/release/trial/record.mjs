// What came of a trial: a table, the file that keeps it, and the part of README.md that is made of that.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../../run.mjs'
import { sha256 } from '../pack.mjs'
import { OUTPUT } from '../targets.mjs'

const KEPT = path.join(root, 'scripts/release/tested.json')
const README = path.join(root, 'README.md')
const [BEGIN, END] = ['<!-- Made by npm run release:test. -->', '<!-- Until here. -->']

/** Beside the tarballs: which of them were tried. */
export const TRIED = path.join(OUTPUT, 'tried.json')

/** A table in Markdown: of each group what ran there, and of the rest why not. */
export function tableOf(results) {
  const rows = [...grouped(results, 'group')].map(([group, all]) => `| ${group} | ${cellOf(all)} |`)
  return ['| where | what |', '|---|---|', ...rows].join('\n')
}

function cellOf(all) {
  const whats = (outcome) => all.filter((one) => one.outcome === outcome)
  const others = ['checked', 'not tried', 'failed'].flatMap((outcome) => {
    const whys = grouped(whats(outcome), 'why')
    const words = outcome === 'checked' ? 'not run, only checked' : outcome
    return [...whys].map(([why, those]) => `${words}: ${joined(those)} (${why})`)
  })
  return [joined(whats('ran')), ...others].filter(Boolean).join('; ').replaceAll('|', '\\|')
}

/** In few words: `Node.js 20, 22`, `Jest 30 (threads, jsdom)`. */
function joined(those) {
  const split = those.map(({ what }) => /^(.*?)(?: \((.*)\))?$/.exec(what).slice(1))
  const heads = grouped(
    split.map(([head, detail]) => ({ head, detail })),
    'head',
  )
  let last
  const words = [...heads].map(([head, all]) => {
    const details = all.map(({ detail }) => detail).filter(Boolean)
    const [tool, ...rest] = head.split(' ')
    const short = tool === last ? rest.join(' ') : head
    last = rest.length > 0 ? tool : undefined
    return details.length > 0 ? `${short} (${details.join(', ')})` : short
  })
  return words.join(', ')
}

function grouped(all, key) {
  const groups = new Map()
  for (const one of all) groups.set(one[key], [...(groups.get(one[key]) ?? []), one])
  return groups
}

/** Keeps what came of the whole list, for README.md and for `npm run release`. */
export function record(results) {
  writeFileSync(KEPT, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(README, withTable(readFileSync(README, 'utf8'), results))
  const manifest = JSON.parse(readFileSync(path.join(OUTPUT, 'manifest.json'), 'utf8'))
  const tarballs = manifest.packages.map(({ tarball }) => [tarball, sha256(path.join(OUTPUT, tarball))])
  writeFileSync(TRIED, `${JSON.stringify(Object.fromEntries(tarballs), null, 2)}\n`)
}

/** What is wrong with README.md, a sentence; an empty list when nothing is. */
export function readmeProblems() {
  const readme = readFileSync(README, 'utf8')
  if (!existsSync(KEPT)) return [`${KEPT} is not there: run npm run release:test`]
  const isFresh = readme === withTable(readme, JSON.parse(readFileSync(KEPT, 'utf8')))
  return isFresh ? [] : ['README.md does not have the table of scripts/release/tested.json: run npm run release:test']
}

function withTable(readme, results) {
  const [start, end] = [readme.indexOf(BEGIN), readme.indexOf(END)]
  if (start < 0 || end < start) throw new Error(`README.md has no place for the table: ${BEGIN} … ${END}`)
  return `${readme.slice(0, start)}${BEGIN}\n\n${tableOf(results)}\n\n${readme.slice(end)}`
}
