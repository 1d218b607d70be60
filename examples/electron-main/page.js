// The page of the Electron example: asks every plugin about one text, and shows the answers.
'use strict'

async function show() {
  const { list, call } = window.plugins
  for (const name of await list()) {
    const { value, error } = await call(name, { text: 'hello, moon' })
    const item = document.createElement('li')
    item.textContent = `${name}: ${error ?? value}`
    document.getElementById('answers').append(item)
  }
}

show()
