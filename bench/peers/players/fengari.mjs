// fengari: a state for each call. It has no conversion of values by itself, so the host makes and reads tables by hand.
import { lauxlib, lua, lualib, to_jsstring, to_luastring } from 'fengari'
import { versionOf } from '../places.mjs'

export async function open({ job }) {
  const code = to_luastring(job.lua('...', (value) => value))
  const call = () => {
    const L = lauxlib.luaL_newstate()
    lualib.luaL_openlibs(L)
    let failed = lauxlib.luaL_loadstring(L, code)
    if (!failed && job.given !== undefined) push(L, job.given)
    failed ||= lua.lua_pcall(L, lua.lua_gettop(L) - 1, 1, 0)
    if (failed) throw new Error(lua.lua_tojsstring(L, -1))
    return read(L, -1)
  }
  return { version: versionOf('fengari'), call, close: () => {} }
}

function push(L, value) {
  if (typeof value === 'string') lua.lua_pushstring(L, to_luastring(value))
  else if (typeof value === 'boolean') lua.lua_pushboolean(L, value)
  else if (Number.isInteger(value)) lua.lua_pushinteger(L, value)
  else if (typeof value === 'number') lua.lua_pushnumber(L, value)
  else {
    lua.lua_newtable(L)
    for (const [key, field] of Object.entries(value)) {
      push(L, field)
      lua.lua_setfield(L, -2, to_luastring(key))
    }
  }
}

function read(L, index) {
  switch (lua.lua_type(L, index)) {
    case lua.LUA_TSTRING:
      return lua.lua_tojsstring(L, index)
    case lua.LUA_TBOOLEAN:
      return lua.lua_toboolean(L, index)
    case lua.LUA_TNUMBER:
      return lua.lua_tonumber(L, index)
    case lua.LUA_TTABLE: {
      const table = lua.lua_absindex(L, index)
      const object = {}
      lua.lua_pushnil(L)
      while (lua.lua_next(L, table)) {
        object[to_jsstring(lua.lua_tostring(L, -2))] = read(L, -1)
        lua.lua_pop(L, 1)
      }
      return object
    }
    default:
      return undefined
  }
}
