// Folders with files for the tests of one file: removed after the last of them.
'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const folders = []

afterAll(() => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true })
})

/** A new folder with these files; a value of `{ to }` is a link, one of `null` an empty folder. */
function folderWith(files = {}, name = 'moonpool-test') {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), `${name}-`)))
  folders.push(folder)
  for (const [inner, content] of Object.entries(files)) {
    const file = path.join(folder, inner)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    if (content === null) fs.mkdirSync(file, { recursive: true })
    else if (content.to !== undefined) fs.symlinkSync(content.to, file)
    else fs.writeFileSync(file, content)
  }
  return folder
}

module.exports = { folderWith }
