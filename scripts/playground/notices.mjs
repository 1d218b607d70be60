// The notices of what is bundled into the page of the playground.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { noticesByText, textsOf } from '../release/notices.mjs'
import { root } from '../run.mjs'

/** As Markdown. `inputs` are the files that are in the bundle, by their paths in the repository. */
export function noticesOf(inputs) {
  const names = new Set(inputs.map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]).filter(Boolean))
  const packages = [...names].sort().map(packageOf)
  const listed = packages.map(({ name, version, license }) => `- ${name} ${version}: ${license}`)
  return [
    '# Third-party notices',
    'The page of `moonpool serve` has code of others in it. This is what they ask to be kept with it.',
    listed.join('\n'),
    ...noticesByText(packages),
  ]
    .join('\n\n')
    .concat('\n')
}

function packageOf(name) {
  const manifest = path.join(root, 'node_modules', name, 'package.json')
  const { version, license, author } = JSON.parse(readFileSync(manifest, 'utf8'))
  const authors = [typeof author === 'string' ? author : author?.name].filter(Boolean)
  return { name, version, license, texts: textsOf({ name, version, license, authors, manifest_path: manifest }) }
}
