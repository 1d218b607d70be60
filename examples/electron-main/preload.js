// What the page of the Electron example may ask of the main process.
'use strict'

const { contextBridge, ipcRenderer } = require('electron')

contextBridge.exposeInMainWorld('plugins', {
  list: () => ipcRenderer.invoke('plugins:list'),
  call: (name, input) => ipcRenderer.invoke('plugins:call', name, input),
})
