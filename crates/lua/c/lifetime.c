/* The beginning and the end of a VM that lives for one script in memory of its own. */

/* Starts the collector as if it had just collected everything that the host built while it was stopped. */
LUA_API void moonpool_built (lua_State *L) {
  global_State *g = G(L);
  g->GCestimate = gettotalbytes(g);
  setpause(g);
  g->gcstp = 0;
}

/*
** Lets a coroutine go that has ended, in a VM that lives on: it is dead for scripts, and its frames and its stack, which
** may be megabytes after a recursion, are free. No script's code runs: an ended coroutine has nothing left to close.
*/
LUA_API void moonpool_retire (lua_State *L, lua_State *ended) {
  lua_settop(ended, 0);
  lua_closethread(ended, L);
  G(L)->inside = 0;
  freeCI(ended);
}

/* 'lua_close' for a VM whose memory is given back as a whole: only finalizers run, nothing is freed. */
LUA_API void moonpool_close (lua_State *L) {
  global_State *g = G(L);
  L = g->mainthread;
  L->ci = &L->base_ci;
  L->errfunc = 0;
  L->top.p = L->stack.p + 1;
  g->gcstp = GCSTPCLS;  /* no extra finalizers after here */
  separatetobefnz(g, 1);
  callallpendingfinalizers(L);
}

/*
** Whether every key of every table is found where it stands: a key that is hashed by its address is not, in a VM that was
** copied.
*/
LUA_API int moonpool_findskeys (lua_State *L) {
  GCObject *o;
  for (o = G(L)->allgc; o != NULL; o = o->next) {
    Table *t;
    unsigned int n;
    if (o->tt != LUA_VTABLE) continue;
    t = gco2t(o);
    for (n = 0; n < (unsigned int)sizenode(t); n++) {
      Node *node = gnode(t, n);
      TValue key;
      if (isempty(gval(node))) continue;
      getnodekey(L, &key, node);
      if (luaH_get(t, &key) != gval(node)) return 0;
    }
  }
  return 1;
}
