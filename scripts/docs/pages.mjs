// Finds the examples of the documents: every fenced block, with its language and where it stands.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../run.mjs'

const FOLDERS = ['', 'docs', 'docs/decisions', 'crates/lua']

/** What runs or compiles, by the language that a block names. */
export const CHECKED = ['js', 'ts', 'lua', 'rust']

/** What cannot be run by nature: drawings, output, commands, settings. What commands print, a test checks: cli-docs.test.js. */
const UNCHECKED = ['text', 'sh', 'json', 'toml', 'console']

/** The documents, as paths from the root. */
export function pages() {
  const markdown = FOLDERS.flatMap((folder) => {
    const names = readdirSync(path.join(root, folder)).filter((name) => name.endsWith('.md'))
    return names.map((name) => path.posix.join(folder, name))
  })
  return ['index.d.ts', 'testing.d.ts', 'prometheus.d.ts', 'opentelemetry.d.ts', 'bullmq.d.ts', ...markdown]
}

/**
 * The blocks of a page: language, code without the page's indentation, what the page says before it since the last
 * block, and whether it is marked `no-run`. Throws for one of which it is not clear whether it is an example.
 */
export function blocksOf(page) {
  const blocks = []
  let before = ''
  let open
  for (const [index, line] of textOf(page).split('\n').entries()) {
    const [, indentation, info] = /^( *)```(.*)$/.exec(line) ?? []
    if (info === undefined) {
      if (open) open.code += `${line.slice(open.indentation)}\n`
      else before += `${line}\n`
    } else if (open) {
      if (info !== '') throw new Error(`${page}:${index + 1}: a block in the block of line ${open.line}`)
      blocks.push(open)
      open = undefined
      before = ''
    } else {
      const place = `${page}:${index + 1}`
      const name = `${page.replaceAll('/', '-')}-${index + 1}`
      open = {
        ...parse(info, place),
        page,
        place,
        name,
        before,
        line: index + 1,
        indentation: indentation.length,
        code: '',
      }
    }
  }
  if (open) throw new Error(`${open.place}: this block does not end`)
  return blocks
}

function parse(info, place) {
  const [language, ...marks] = info.split(' ')
  const isKnown = [...CHECKED, ...UNCHECKED].includes(language)
  if (!isKnown)
    throw new Error(
      `${place}: a block in '${language}' is not checked: name ${UNCHECKED.join(', ')} or ${CHECKED.join(', ')}`,
    )
  if (marks.some((mark) => mark !== 'no-run')) throw new Error(`${place}: what does '${marks.join(' ')}' mean?`)
  return { language, isExcepted: marks.length > 0 }
}

/** In types, examples stand in comments. */
function textOf(page) {
  const text = readFileSync(path.join(root, page), 'utf8')
  return page.endsWith('.d.ts') ? text.replace(/^ +\* ?/gm, '') : text
}
