/* Opening libraries: what a fresh VM spends most of its time on. */

/*
** 'lua_setfield' with the value on top, into a plain table: raw, and past the cache that 'lua_setfield' keeps of the
** C strings that it sees again and again, which these names are not.
*/
static void luaP_setname (lua_State *L, int idx, const char *name) {
  Table *t = hvalue(index2value(L, idx));
  lua_pushlstring(L, name, strlen(name));
  luaH_set(L, t, s2v(L->top.p - 1), s2v(L->top.p - 2));
  invalidateTMcache(t);
  luaC_barrierback(L, obj2gco(t), s2v(L->top.p - 2));
  L->top.p -= 2;
}

/* Room for what the host puts into the globals, so that they need not grow step by step. */
LUA_API void moonpool_makeroom (lua_State *L) {
  lua_pushglobaltable(L);
  luaH_resize(L, hvalue(s2v(L->top.p - 1)), 0, 64);
  L->top.p--;
}

/* Loads bytecode that 'lua_dump' wrote in this process: see the edit 'load-text-only'. */
LUA_API int moonpool_load (lua_State *L, const char *code, size_t size, const char *name) {
  return luaL_loadbufferx(L, code, size, name, luaP_bytecode);
}

/* A C function: the coroutine that runs it. */
LUA_API int moonpool_running (lua_State *L) {
  lua_pushthread(L);
  return 1;
}

/* A C function: whether its argument, a coroutine, is running, or waits for one that is. */
LUA_API int moonpool_isactive (lua_State *L) {
  int status = auxstatus(L, getco(L));
  lua_pushboolean(L, status == COS_RUN || status == COS_NORM);
  return 1;
}

/* A C function: its argument as 'lua' shows an error object. */
LUA_API int moonpool_describe (lua_State *L) {
  if (lua_isstring(L, 1))
    lua_tostring(L, 1);
  else if (!luaL_callmeta(L, 1, "__tostring"))
    lua_pushnil(L);
  return 1;
}
