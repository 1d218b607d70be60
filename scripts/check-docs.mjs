// Checks every example of the documents, or those in the languages that are named: JavaScript and Lua must run, TypeScript
// and Rust compile. The package is built, except for Rust, which does not need it.
import { checkJavaScript, checkTypeScript } from './docs/javascript.mjs'
import { checkLua } from './docs/lua.mjs'
import { blocksOf, CHECKED, pages } from './docs/pages.mjs'
import { checkRecipe } from './docs/recipe.mjs'

const CHECKS = { js: checkJavaScript, ts: checkTypeScript, lua: checkLua, rust: checkRust }
/** The only page with Rust: a recipe, whose snippets belong together. */
const RECIPE = 'CONTRIBUTING.md'

/** Whether it went well; what it throws is a sentence about a document. */
async function isGood(check) {
  try {
    return await check()
  } catch (error) {
    console.error(error.message)
    return false
  }
}

async function checkAll(languages) {
  const examples = pages()
    .flatMap(blocksOf)
    .filter(({ language }) => languages.includes(language))
  const excepted = examples.filter(({ isExcepted }) => isExcepted)
  const counts = []
  let good = true
  for (const language of languages) {
    const chosen = examples.filter((example) => example.language === language && !example.isExcepted)
    good = (await isGood(() => CHECKS[language](chosen))) && good
    counts.push(`${chosen.length} ${language}`)
  }
  for (const { place } of excepted) console.log(`${place}: marked no-run`)
  console.log(`examples checked: ${counts.join(', ')}; not run: ${excepted.length}`)
  return good
}

function checkRust(snippets) {
  const astray = snippets.find(({ page }) => page !== RECIPE)
  if (astray) throw new Error(`${astray.place}: Rust is checked in ${RECIPE} only`)
  return checkRecipe(snippets)
}

const named = process.argv.slice(2)
process.exitCode = (await isGood(() => checkAll(named.length > 0 ? named : CHECKED))) ? 0 : 1
