// A registry on loopback that has the packed packages and nothing else: enough for npm, pnpm and yarn to install them.
//
// Not verdaccio: a large tree of packages would run on this machine, for what are two kinds of answers here.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { capture } from '../../run.mjs'
import { packageName, platformPackage } from '../folders.mjs'
import { TARGETS } from '../targets.mjs'

/** Serves the tarballs of a folder until it is closed; resolves with its address and `close`. */
export async function serve(folder) {
  const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz'))
  const built = tarballs.map((file) => packed(path.join(folder, file))).map((one) => [one.manifest.name, one])
  const packages = new Map([...TARGETS.map(notBuilt), ...built])
  const server = http.createServer((request, response) => {
    const { status, type, body } = answer(request, packages, `http://${request.headers.host}`)
    response.writeHead(status, { 'content-type': type, 'content-length': body.length })
    response.end(body)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** Yarn looks up every optional package, whatever its platform; what was not built can be looked up, and not be had. */
const notBuilt = (target) => [packageName(target), { manifest: platformPackage(target), integrity: integrityOf('') }]

const integrityOf = (bytes) => `sha512-${createHash('sha512').update(bytes).digest('base64')}`

/** A tarball with what it says of itself. */
function packed(file) {
  const { exitCode, stdout } = capture('tar', ['-xOzf', file, 'package/package.json'])
  if (exitCode !== 0) throw new Error(`${file} has no package.json`)
  const bytes = readFileSync(file)
  return {
    manifest: JSON.parse(stdout),
    bytes,
    integrity: integrityOf(bytes),
  }
}

function answer({ method, url }, packages, base) {
  const [name, tarball] = decodeURIComponent(new URL(url, base).pathname.slice(1)).split('/-/')
  const one = packages.get(name)
  if (method !== 'GET' || one === undefined) return json(404, { error: `there is no ${method} ${name} here` })
  if (tarball === undefined) return json(200, packument(one, base))
  if (one.bytes === undefined) return json(404, { error: `${name} was not built` })
  return { status: 200, type: 'application/octet-stream', body: one.bytes }
}

/** What a registry says of a package, of which it has one version. */
function packument({ manifest, integrity }, base) {
  const { name, version } = manifest
  const tarball = `${base}/${name}/-/${name.split('/').at(-1)}-${version}.tgz`
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist: { tarball, integrity } } },
    // Installers that wait before they take what is new find that this is not.
    time: { [version]: '2020-01-01T00:00:00.000Z' },
  }
}

function json(status, value) {
  return { status, type: 'application/json', body: Buffer.from(JSON.stringify(value)) }
}
