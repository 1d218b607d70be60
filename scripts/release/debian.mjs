// Packages of Debian, unpacked below target/tools/release: nothing is installed in the system.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ask } from '../run.mjs'
import { inTools, Missing, must, once } from './toolbox.mjs'

/** Debian's own keys. */
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'

/**
 * The folder with the Rust of Debian, the sources of its standard library, and that library for arm64: one tree, as `/` would
 * have it. `otherwise` says what to do where that cannot be had.
 */
export async function debianRust(otherwise) {
  const packages = ['rustc-web', 'cargo-web', 'rust-web-src', 'libstd-rust-web-dev']
  return debian('rust', { otherwise, packages, alone: ['libstd-rust-web-dev:arm64'] })
}

/** The folder with the GCC of Debian for Windows. */
export async function mingw() {
  const otherwise = 'GCC for Windows (mingw-w64) is missing'
  return debian('mingw', { otherwise, packages: ['gcc-mingw-w64-x86-64-posix'] })
}

/**
 * Unpacks packages, with what they need, into a folder, and resolves with its path. Those of `alone` come without what they
 * need. `release` names another release of Debian than that of this machine.
 */
export async function debian(name, { otherwise, packages = [], alone = [], release }) {
  const folder = inTools(name)
  const all = [...packages, ...alone]
  const isDebian =
    process.arch === 'x64' && existsSync('/var/lib/dpkg/status') && ask('apt-get', ['--version']) !== undefined
  if (!isDebian) throw new Missing(`${otherwise}, or build on Debian on x64`)
  const words = `${all.join(', ')} (packages of Debian${release ? ` ${release}` : ''})`
  await once(name, [...all, release].join(' ').trim(), words, async () => {
    try {
      const apt = await aptFolder(release)
      const archives = path.join(apt.folder, 'cache/archives')
      const env = { APT_CONFIG: apt.config }
      if (packages.length > 0) {
        await must('apt-get', ['install', '--download-only', '--yes', '--no-install-recommends', ...packages], { env })
      }
      if (alone.length > 0) await must('apt-get', ['download', ...alone], { env, cwd: archives })
      for (const file of readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
        await must('dpkg', ['--extract', path.join(archives, file), folder])
        rmSync(path.join(archives, file))
      }
    } catch (error) {
      throw new Missing(`${otherwise}; ${words} cannot be had: ${error.message}`)
    }
  })
  return folder
}

/** What apt keeps, in a folder of ours: it knows arm64, and what is installed here already. */
async function aptFolder(release) {
  const folder = inTools(release ? `apt-${release}` : 'apt')
  const config = path.join(folder, 'apt.conf')
  mkdirSync(path.join(folder, 'state/lists/partial'), { recursive: true })
  rmSync(path.join(folder, 'cache/archives'), { recursive: true, force: true })
  mkdirSync(path.join(folder, 'cache/archives/partial'), { recursive: true })
  copyFileSync('/var/lib/dpkg/status', path.join(folder, 'state/status'))
  const lines = [
    `Dir::State "${folder}/state";`,
    `Dir::State::status "${folder}/state/status";`,
    `Dir::Cache "${folder}/cache";`,
    'APT::Architectures { "amd64"; "arm64"; };',
    'APT::Sandbox::User "root";',
    'Debug::NoLocking "true";',
  ]
  if (release) {
    const [mirror] = ask('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages']).split('\n')
    writeFileSync(path.join(folder, 'sources.list'), `deb [signed-by=${KEYS}] ${mirror} ${release} main\n`)
    lines.push(`Dir::Etc::sourcelist "${folder}/sources.list";`, 'Dir::Etc::sourceparts "/nonexistent";')
  }
  writeFileSync(config, `${lines.join('\n')}\n`)
  await must('apt-get', ['update', '--quiet'], { env: { APT_CONFIG: config } })
  return { folder, config }
}
