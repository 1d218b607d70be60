/* For tests: what the memory of a VM consists of. Every block, and every place in it where Lua keeps an address. */

typedef struct Inspector {
  void *ud;
  void (*block) (void *ud, const void *start, size_t size);
  void (*slot) (void *ud, const void *place);
  int addresskeys;  /* keys of tables that are hashed by their address */
} Inspector;

#define block(i,p,n)	((i)->block((i)->ud, (p), (n)))
#define slot(i,p)	((i)->slot((i)->ud, &(p)))

/* Of nil and of booleans nobody reads the value: what was there before may still be. */
static void inspectvalue (Inspector *i, TValue *o) {
  if (iscollectable(o) || ttisnil(o) || ttisboolean(o)) slot(i, o->value_.gc);
}

static void inspecttable (Inspector *i, Table *t) {
  unsigned int asize = luaH_realasize(t);
  unsigned int n;
  block(i, t, sizeof(Table));
  slot(i, t->array); slot(i, t->node); slot(i, t->lastfree); slot(i, t->metatable); slot(i, t->gclist);
  if (asize > 0) block(i, t->array, asize * sizeof(TValue));
  for (n = 0; n < asize; n++) inspectvalue(i, &t->array[n]);
  if (isdummy(t)) return;
  block(i, t->node, sizenode(t) * sizeof(Node));
  for (n = 0; n < (unsigned int)sizenode(t); n++) {
    Node *node = gnode(t, n);
    inspectvalue(i, gval(node));
    if (keyiscollectable(node) || keyisnil(node) || keyisdead(node)) {
      slot(i, node->u.key_val.gc);
      if (keyiscollectable(node) && novariant(keytt(node)) != LUA_TSTRING) i->addresskeys++;
    }
  }
}

static void inspectthread (Inspector *i, lua_State *th) {
  CallInfo *ci;
  StkId o;
  slot(i, th->top.p); slot(i, th->l_G); slot(i, th->ci); slot(i, th->stack_last.p); slot(i, th->stack.p);
  slot(i, th->openupval); slot(i, th->tbclist.p); slot(i, th->gclist); slot(i, th->twups); slot(i, th->errorJmp);
  for (ci = &th->base_ci; ci != NULL; ci = ci->next) {
    if (ci != &th->base_ci) block(i, ci, sizeof(CallInfo));
    slot(i, ci->func.p); slot(i, ci->top.p); slot(i, ci->previous); slot(i, ci->next);
  }
  if (th->stack.p == NULL) return;
  block(i, th->stack.p, (stacksize(th) + EXTRA_STACK) * sizeof(StackValue));
  for (o = th->stack.p; o < th->stack_last.p + EXTRA_STACK; o++) inspectvalue(i, s2v(o));
}

static void inspectobject (Inspector *i, global_State *g, GCObject *o) {
  int n;
  slot(i, o->next);
  switch (o->tt) {
    case LUA_VSHRSTR:
      slot(i, gco2ts(o)->u.hnext);
      block(i, o, sizelstring(gco2ts(o)->shrlen));
      break;
    case LUA_VLNGSTR:
      block(i, o, sizelstring(gco2ts(o)->u.lnglen));
      break;
    case LUA_VTABLE:
      inspecttable(i, gco2t(o));
      break;
    case LUA_VCCL:
      block(i, o, sizeCclosure(gco2ccl(o)->nupvalues));
      slot(i, gco2ccl(o)->gclist);
      for (n = 0; n < gco2ccl(o)->nupvalues; n++) inspectvalue(i, &gco2ccl(o)->upvalue[n]);
      break;
    case LUA_VUSERDATA: {
      Udata *u = gco2u(o);
      block(i, o, sizeudata(u->nuvalue, u->len));
      slot(i, u->metatable);
      if (u->nuvalue > 0) slot(i, u->gclist);
      for (n = 0; n < u->nuvalue; n++) inspectvalue(i, &u->uv[n].uv);
      break;
    }
    case LUA_VTHREAD:
      if (gco2th(o) == g->mainthread) break;  /* with the state */
      block(i, fromstate(gco2th(o)), sizeof(LX));
      inspectthread(i, gco2th(o));
      break;
    default:
      i->addresskeys = -1000000;  /* no VM before its script has such an object */
  }
}

/* Tells 'block' and 'slot' of everything; returns how many keys of tables are hashed by their address. */
LUA_API int moonpool_inspect (lua_State *L, void *ud, void (*block_) (void *, const void *, size_t),
                              void (*slot_) (void *, const void *)) {
  Inspector inspector;
  Inspector *i = &inspector;
  global_State *g = G(L);
  GCObject **lists[] = {&g->allgc, &g->finobj, &g->tobefnz, &g->fixedgc};
  GCObject **others[] = {&g->gray, &g->grayagain, &g->weak, &g->ephemeron, &g->allweak, &g->survival, &g->old1,
    &g->reallyold, &g->firstold1, &g->finobjsur, &g->finobjold1, &g->finobjrold};
  GCObject *o;
  size_t n, m;
  inspector.ud = ud;
  inspector.block = block_;
  inspector.slot = slot_;
  inspector.addresskeys = 0;
  block(i, fromstate(g->mainthread), sizeof(LG));
  inspectthread(i, g->mainthread);
  for (n = 0; n < sizeof(lists) / sizeof(lists[0]); n++) {
    slot(i, *lists[n]);
    for (o = *lists[n]; o != NULL; o = o->next) inspectobject(i, g, o);
  }
  for (n = 0; n < sizeof(others) / sizeof(others[0]); n++) slot(i, *others[n]);
  slot(i, g->sweepgc); slot(i, g->twups); slot(i, g->mainthread); slot(i, g->memerrmsg);
  slot(i, g->flag); slot(i, g->base); slot(i, g->fiber);
  inspectvalue(i, &g->l_registry);
  inspectvalue(i, &g->nilvalue);
  for (n = 0; n < TM_N; n++) slot(i, g->tmname[n]);
  for (n = 0; n < LUA_NUMTYPES; n++) slot(i, g->mt[n]);
  for (n = 0; n < STRCACHE_N; n++)
    for (m = 0; m < STRCACHE_M; m++) slot(i, g->strcache[n][m]);
  slot(i, g->strt.hash);
  block(i, g->strt.hash, g->strt.size * sizeof(TString *));
  for (n = 0; n < (size_t)g->strt.size; n++) slot(i, g->strt.hash[n]);
  return i->addresskeys;
}

#undef block
#undef slot
