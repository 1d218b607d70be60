/* A place in each VM for what the host keeps of it, which C functions of the host find without looking it up by name. */

LUA_API void moonpool_sethost (lua_State *L, const void *host) {
  G(L)->host = host;
}

LUA_API const void *moonpool_host (lua_State *L) {
  return G(L)->host;
}
