// Whether a main package has all that it is published with.
import { packageName } from './folders.mjs'
import { TARGETS } from './targets.mjs'

/** What is wrong with what package.json says, a sentence each; an empty list when nothing is. */
export function wholeProblems({ name, version, optionalDependencies = {}, scripts = {} }) {
  const automatic = Object.keys(scripts).filter((script) => /^(pre|post)?install$|^prepare$/.test(script))
  return [
    ...TARGETS.map(packageName).flatMap((addon) => {
      const found = optionalDependencies[addon]
      if (found === version) return []
      return [`${name} ${version} has ${addon} in version ${found ?? 'none'} as an optional dependency, not ${version}`]
    }),
    ...automatic.map((script) => `${name} has the script '${script}', which would run when it is installed`),
  ]
}
