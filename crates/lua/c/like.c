/* Tables with the same keys as another one: where keys stand in its hash is copied, instead of looked for again. */

/* Where in the hash of the table at 'model' the string on top stands, which is one of its keys and is popped. */
LUA_API int moonpool_placeof (lua_State *L, int model) {
  const Table *m = hvalue(index2value(L, model));
  const TValue *value = luaH_get((Table *)m, s2v(--L->top.p));
  return isabstkey(value) ? -1 : cast_int(cast(const Node *, value) - m->node);
}

/*
** Pops 'n' values, and pushes a table that has them under the keys of the table at 'model', which has a value for each: the
** first under the key that stands at 'places[0]' of its hash, and so on.
*/
LUA_API void moonpool_pushlike (lua_State *L, int model, const unsigned char *places, int n) {
  const Table *m = hvalue(index2value(L, model));
  const size_t size = sizenode(m);
  StkId values;
  Node *nodes;
  int i;
  Table *t = luaH_new(L);
  sethvalue2s(L, L->top.p, t);
  api_incr_top(L);
  nodes = luaM_newvector(L, size, Node);
  values = L->top.p - 1 - n;
  memcpy(nodes, m->node, size * sizeof(Node));
  for (i = 0; i < n; i++) setobj2t(L, gval(&nodes[places[i]]), s2v(values + i));
  /* It is new, and nothing of Lua has run: no collector has seen it without its values. */
  t->node = nodes;
  t->lsizenode = m->lsizenode;
  t->lastfree = nodes + (m->lastfree - m->node);
  invalidateTMcache(t);
  setobjs2s(L, values, L->top.p - 1);
  L->top.p = values + 1;
  luaC_checkGC(L);
}
