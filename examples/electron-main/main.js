// An Electron application that runs plugins written in Lua. This is the main process; plugins.js has all of moonpool.
//
//   npm install electron
//   npx electron examples/electron-main/main.js
//
// In a packaged application the addon must be a file: with electron-builder, "asarUnpack": ["**/*.node"].
'use strict'

const path = require('node:path')
const { app, BrowserWindow, ipcMain } = require('electron')
const { Plugins } = require('./plugins')

const plugins = new Plugins({ notify: (plugin, text) => console.log(`${plugin}: ${text}`) })

// A renderer names a plugin, and gives data. It never gives code, and never says who it is.
ipcMain.handle('plugins:list', () => plugins.names())
ipcMain.handle('plugins:call', (_event, name, input) => plugins.call(name, input))

app.whenReady().then(async () => {
  await plugins.load(path.join(__dirname, 'plugins'))
  const window = new BrowserWindow({ webPreferences: { preload: path.join(__dirname, 'preload.js') } })
  await window.loadFile(path.join(__dirname, 'index.html'))
})

let isClosed = false

app.on('before-quit', async (event) => {
  if (isClosed) return
  event.preventDefault()
  await plugins.close()
  isClosed = true
  app.quit()
})

app.on('window-all-closed', () => app.quit())
