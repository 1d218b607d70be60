/*
** VMs that repeat. All memory in which their objects are is one region, which begins at a multiple of 4 GiB. So an
** object is at the same distance from its state in every process; and of its address, Lua hashes the low 32 bits only,
** which are the same, too.
*/

static lua_Unsigned luaP_mix (lua_Unsigned x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

/* A new seed: one that nobody can predict, or the next one of a VM that repeats. */
static unsigned int luaP_seed (lua_State *L) {
  global_State *g = G(L);
  if (!g->repeats) return moonpool_lua_seed();
  return (unsigned int)(luaP_mix(g->seeds += 0x9E3779B97F4A7C15ull) >> 32);
}

static lua_Unsigned luaP_seed64 (lua_State *L) {
  lua_Unsigned high = luaP_seed(L);
  return (high << 32) | luaP_seed(L);
}

/* What scripts see instead of an address: as distinct and as stable, but no address. */
static lua_Integer luaP_objectid (lua_State *L, int idx) {
  const global_State *g = G(L);
  const void *p = lua_topointer(L, idx);
  const TValue *o = index2value(L, idx);
  lua_Unsigned place;
  if (!g->repeats) return moonpool_lua_objectid(p);
  switch (ttypetag(o)) {
    case LUA_VLIGHTUSERDATA: place = (p != NULL) ? luaP_place(p) : 0; break;
    case LUA_VLCF: place = luaP_place(p); break;
    /* It may be too long for the region. */
    case LUA_VLNGSTR: place = luaS_hashlongstr(tsvalue(o)); break;
    default: place = (L_P2I)p - (L_P2I)g;
  }
  place = (place & 0xFFFFFFFFFFFFull) | ((lua_Unsigned)ttypetag(o) << 48);
  return (lua_Integer)(luaP_mix(place + g->seed) >> 11);
}

/* Lets the run have a time of its own: ms since 1970, and then the seconds that it has slept; NULL for the system's. */
LUA_API void moonpool_setclock (lua_State *L, const double *clock) {
  G(L)->clock = clock;
}
