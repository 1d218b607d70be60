// Checks every example of the documents: JavaScript and Lua must run, TypeScript and Rust compile. The package is built.
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

async function checkAll() {
  const examples = pages()
    .flatMap(blocksOf)
    .filter(({ language }) => CHECKED.includes(language))
  const excepted = examples.filter(({ isExcepted }) => isExcepted)
  const counts = []
  let good = true
  for (const language of CHECKED) {
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

process.exitCode = (await isGood(checkAll)) ? 0 : 1
