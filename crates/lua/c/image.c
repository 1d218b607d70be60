/*
** What the memory of a VM at rest consists of: every block, and every place where Lua keeps an address of the VM's own.
** By this a host makes an image of a VM, and of that VMs elsewhere. Tables hash objects by how far they are from the table
** (see the edit 'hash-objects'), so that a copy of a table is whole as it is, if all blocks keep their distances.
*/

#define IMAGE_BEGUN	(-1)	/* a coroutine that has begun */
#define IMAGE_USERDATA	(-2)	/* a userdata that may have more than bytes */

/* Whether an address is of what copies have in common: it is the same in all of them. */
#define isincommon(g,p)	((L_P2I)(p) - (L_P2I)(g)->common < (g)->commonsize)

typedef struct Walk {
  void *ud;
  void (*block) (void *ud, const void *start, size_t size);
  /* '*place' is an address in the block that 'of' is the start of, or in. It may be the end of that block. */
  void (*found) (void *ud, const void *place, const void *of);
  /* Nobody reads the word at 'place': it may be an address of something that is gone. */
  void (*unused) (void *ud, const void *place);
  const void *plain;  /* the one userdata that has bytes, which are no addresses */
  const global_State *g;
  int refusal;  /* why there can be no image, and what is told is not all */
  int objectkeys;  /* keys of tables that are hashed by where they are */
} Walk;

#define block(w,p,n)	((w)->block((w)->ud, (p), (n)))
#define addressof(w,p,o)	{ if ((p) != NULL && !isincommon((w)->g, o)) (w)->found((w)->ud, &(p), (o)); }
#define address(w,p)	addressof(w, p, p)
#define unused(w,p)	((w)->unused((w)->ud, &(p)))
#define refuse(w,r)	{ if ((w)->refusal == 0) (w)->refusal = (r); }

static void walkvalue (Walk *w, TValue *o) {
  if (iscollectable(o)) address(w, o->value_.gc)
  else if (ttisnil(o) || ttisboolean(o)) unused(w, o->value_);
}

/* A value that has its bytes for itself. Those behind its tag are nobody's, and may be whatever was there before. */
static void walkwhole (Walk *w, TValue *o) {
  lu_byte tag = rawtt(o);
  memset((char *)o + sizeof(o->value_), 0, sizeof(TValue) - sizeof(o->value_));
  settt_(o, tag);
  walkvalue(w, o);
}

static void walkvalues (Walk *w, TValue *o, size_t n) {
  for (; n > 0; n--, o++) walkwhole(w, o);
}

static void walktable (Walk *w, Table *t) {
  unsigned int asize = luaH_realasize(t);
  unsigned int n;
  block(w, t, sizeof(Table));
  unused(w, t->gclist);
  address(w, t->metatable);
  if (asize > 0) {
    block(w, t->array, asize * sizeof(TValue));
    address(w, t->array);
    walkvalues(w, t->array, asize);
  }
  else unused(w, t->array);
  if (isdummy(t)) return;  /* a constant of Lua's; there is no 'lastfree' */
  block(w, t->node, sizenode(t) * sizeof(Node));
  addressof(w, t->lastfree, t->node);
  for (n = 0; n < (unsigned int)sizenode(t); n++) {
    Node *node = gnode(t, n);
    memset((char *)node + sizeof(Value) + 2, 0, offsetof(Node, u.next) - sizeof(Value) - 2);
    walkvalue(w, gval(node));
    if (keyiscollectable(node)) {
      address(w, node->u.key_val.gc);
      if (novariant(keytt(node)) != LUA_TSTRING) w->objectkeys++;
    }
    else if (keyisnil(node) || keyisdead(node)) unused(w, node->u.key_val);
  }
  address(w, t->node);
}

static void walkthread (Walk *w, lua_State *th) {
  StkId o;
  if (th->status == LUA_YIELD || th->ci != &th->base_ci || th->openupval != NULL) {
    refuse(w, IMAGE_BEGUN);
    return;
  }
  address(w, th->l_G);
  address(w, th->ci);
  address(w, th->twups);
  unused(w, th->gclist);
  unused(w, th->errorJmp);
  if (th->stack.p == NULL) return;  /* it has no stack yet: there was no memory for one */
  addressof(w, th->base_ci.func.p, th->stack.p);
  addressof(w, th->base_ci.top.p, th->stack.p);
  addressof(w, th->top.p, th->stack.p);
  addressof(w, th->tbclist.p, th->stack.p);
  addressof(w, th->stack_last.p, th->stack.p);
  block(w, th->stack.p, (stacksize(th) + EXTRA_STACK) * sizeof(StackValue));
  for (o = th->stack.p; o < th->top.p; o++) walkwhole(w, s2v(o));
  for (; o < th->stack_last.p + EXTRA_STACK; o++) {
    setnilvalue(s2v(o));
    walkwhole(w, s2v(o));
  }
  address(w, th->stack.p);
}

/* A function that shares keeps no address of the VM in what it shares: see 'moonpool_share'. */
static void walkproto (Walk *w, Proto *f) {
  int n;
  block(w, f, sizeof(Proto));
  unused(w, f->gclist);
  address(w, f->source);
#define walkvector(v,size)	{ if ((size) > 0) { block(w, v, (size) * sizeof(*(v))); address(w, v); } else unused(w, v); }
  if (!(f->shared & SHARED_CONSTANTS)) walkvalues(w, f->k, f->sizek);
  for (n = 0; n < f->sizep; n++) address(w, f->p[n]);
  if (!(f->shared & SHARED_CONSTANTS)) walkvector(f->k, f->sizek)
  walkvector(f->p, f->sizep)
  if (f->shared) return;
  for (n = 0; n < f->sizeupvalues; n++) address(w, f->upvalues[n].name);
  for (n = 0; n < f->sizelocvars; n++) address(w, f->locvars[n].varname);
  walkvector(f->code, f->sizecode)
  walkvector(f->upvalues, f->sizeupvalues)
  walkvector(f->lineinfo, f->sizelineinfo)
  walkvector(f->abslineinfo, f->sizeabslineinfo)
  walkvector(f->locvars, f->sizelocvars)
#undef walkvector
}

static void walkuserdata (Walk *w, Udata *u) {
  int n;
  if (u->len > 0 && getudatamem(u) != w->plain) refuse(w, IMAGE_USERDATA);
  block(w, u, sizeudata(u->nuvalue, u->len));
  address(w, u->metatable);
  if (u->nuvalue > 0) unused(w, u->gclist);
  for (n = 0; n < u->nuvalue; n++) walkwhole(w, &u->uv[n].uv);
}

static void walkobject (Walk *w, global_State *g, GCObject *o) {
  int n;
  address(w, o->next);
  switch (o->tt) {
    case LUA_VSHRSTR:
      block(w, o, sizelstring(gco2ts(o)->shrlen));
      address(w, gco2ts(o)->u.hnext);
      break;
    case LUA_VLNGSTR:
      block(w, o, sizelstring(gco2ts(o)->u.lnglen));
      break;
    case LUA_VTABLE:
      walktable(w, gco2t(o));
      break;
    case LUA_VLCL: {
      LClosure *cl = gco2lcl(o);
      block(w, o, sizeLclosure(cl->nupvalues));
      unused(w, cl->gclist);
      address(w, cl->p);
      for (n = 0; n < cl->nupvalues; n++) address(w, cl->upvals[n]);
      break;
    }
    case LUA_VCCL:
      block(w, o, sizeCclosure(gco2ccl(o)->nupvalues));
      unused(w, gco2ccl(o)->gclist);
      walkvalues(w, gco2ccl(o)->upvalue, gco2ccl(o)->nupvalues);
      break;
    case LUA_VUPVAL: {
      UpVal *uv = gco2upv(o);
      block(w, uv, sizeof(UpVal));
      if (upisopen(uv)) {
        refuse(w, IMAGE_BEGUN);
        break;
      }
      address(w, uv->v.p);
      walkwhole(w, &uv->u.value);
      break;
    }
    case LUA_VPROTO:
      walkproto(w, gco2p(o));
      break;
    case LUA_VUSERDATA:
      walkuserdata(w, gco2u(o));
      break;
    case LUA_VTHREAD:
      if (gco2th(o) == g->mainthread) break;  /* with the state */
      block(w, fromstate(gco2th(o)), sizeof(LX));
      walkthread(w, gco2th(o));
      break;
    default:
      lua_assert(0);
  }
}

/* Walks through everything, in a VM after 'moonpool_settle'. */
static void walkall (Walk *w, lua_State *L) {
  global_State *g = G(L);
  GCObject *o;
  size_t n, m;
  w->g = g;
  w->refusal = 0;
  w->objectkeys = 0;
  block(w, fromstate(g->mainthread), sizeof(LG));
  walkthread(w, g->mainthread);
  if (g->finobj != NULL || g->tobefnz != NULL) refuse(w, IMAGE_USERDATA);
  unused(w, g->ud);  /* the allocator's; a copy has another */
  address(w, g->allgc);
  for (o = g->allgc; o != NULL; o = o->next) walkobject(w, g, o);
  address(w, g->fixedgc);
  for (o = g->fixedgc; o != NULL; o = o->next) walkobject(w, g, o);
  address(w, g->mainthread);
  address(w, g->twups);
  address(w, g->memerrmsg);
  address(w, g->flag);
  address(w, g->base);
  walkwhole(w, &g->l_registry);
  for (n = 0; n < TM_N; n++) address(w, g->tmname[n]);
  for (n = 0; n < LUA_NUMTYPES; n++) address(w, g->mt[n]);
  for (n = 0; n < STRCACHE_N; n++)
    for (m = 0; m < STRCACHE_M; m++) address(w, g->strcache[n][m]);
  block(w, g->strt.hash, g->strt.size * sizeof(TString *));
  for (n = 0; n < (size_t)g->strt.size; n++) address(w, g->strt.hash[n]);
  address(w, g->strt.hash);
}

/*
** Tells 'block', 'address' and 'unused' of everything, in a VM after 'moonpool_settle'. Returns how many keys of tables are
** hashed by where they are, or why there can be no image.
*/
LUA_API int moonpool_walk (lua_State *L, void *ud, void (*block_) (void *, const void *, size_t),
                           void (*found) (void *, const void *, const void *),
                           void (*unused_) (void *, const void *), const void *plain) {
  Walk walk;
  walk.ud = ud;
  walk.block = block_;
  walk.found = found;
  walk.unused = unused_;
  walk.plain = plain;
  walkall(&walk, L);
  return (walk.refusal != 0) ? walk.refusal : walk.objectkeys;
}

/*
** Short strings never change, so they leave the VM, and copies of it have them in common. There they are in no list of the
** collector, and never white, so that it does nothing with them. They have a table of their own, in which a VM looks for what
** is not in its own (see the edit 'common-strings').
*/

/* Tells 'each' of the short strings, if the VM has none in common with others yet. */
LUA_API void moonpool_strings (lua_State *L, void *ud, void (*each) (void *, const void *, size_t)) {
  const global_State *g = G(L);
  const GCObject *lists[2];
  int n;
  lists[0] = g->allgc;
  lists[1] = g->fixedgc;
  if (g->common != NULL) return;
  for (n = 0; n < 2; n++) {
    const GCObject *o;
    for (o = lists[n]; o != NULL; o = o->next)
      if (o->tt == LUA_VSHRSTR) each(ud, o, sizelstring(gco2ts(o)->shrlen));
  }
}

typedef struct Moving {
  void *ud;
  void *(*copy) (void *ud, const void *string);
} Moving;

/* Takes the strings of a list out, and puts their copies into the common table. Returns those, and 'gone' after them. */
static GCObject *movestrings (Moving *m, GCObject **list, GCObject *gone, TString **table, unsigned int mask) {
  while (*list != NULL) {
    GCObject *o = *list;
    if (o->tt != LUA_VSHRSTR) list = &o->next;
    else {
      TString *copy = (TString *)m->copy(m->ud, o);
      TString **place = &table[copy->hash & mask];
      *list = o->next;
      o->next = gone;
      gone = o;
      copy->next = NULL;
      copy->marked = 0;
      copy->u.hnext = *place;
      *place = copy;
    }
  }
  return gone;
}

static void seesblock (void *ud, const void *start, size_t size) {
  UNUSED(ud); UNUSED(start); UNUSED(size);
}

static void seesunused (void *ud, const void *place) {
  UNUSED(ud); UNUSED(place);
}

static void movesaddress (void *ud, const void *place, const void *of) {
  Moving *m = (Moving *)ud;
  void *copy = m->copy(m->ud, of);
  if (copy != NULL) memcpy((void *)(L_P2I)place, &copy, sizeof(copy));
}

/*
** Lets the VM have the short strings elsewhere that were its own. 'copy' says where the bytes of one were copied to, and NULL
** for anything else. 'table' is empty, and at the start of 'size' bytes in which all those are; 'mask' is one less than its
** length. All of that must live as long as the VM, and as all its copies. There is an image of it (see 'moonpool_walk'), and
** it has nothing in common with others yet.
*/
LUA_API void moonpool_sharestrings (lua_State *L, void *ud, void *(*copy) (void *, const void *), void *table,
                                    unsigned int mask, size_t size) {
  global_State *g = G(L);
  GCObject *gone;
  Moving moving;
  Walk walk;
  moving.ud = ud;
  moving.copy = copy;
  gone = movestrings(&moving, &g->allgc, NULL, (TString **)table, mask);
  gone = movestrings(&moving, &g->fixedgc, gone, (TString **)table, mask);
  memset(g->strt.hash, 0, g->strt.size * sizeof(TString *));
  g->strt.nuse = 0;
  walk.ud = &moving;
  walk.block = seesblock;
  walk.found = movesaddress;
  walk.unused = seesunused;
  walk.plain = NULL;
  walkall(&walk, L);
  while (gone != NULL) {
    GCObject *next = gone->next;
    luaM_freemem(L, gone, sizelstring(gco2ts(gone)->shrlen));
    gone = next;
  }
  g->common = (TString **)table;
  g->commonmask = mask;
  g->commonsize = size;
}

/*
** What never changes of a function leaves the VM, too: its bytecode, its lines, the names and kinds of its variables, and its
** constants, if all names and constants are in common. 'keep' returns where it has the bytes, for good, and at a multiple of
** 8.
*/
typedef struct Sharing {
  void *ud;
  const void *(*keep) (void *ud, const void *bytes, size_t size);
} Sharing;

static int isunshared (const global_State *g, const TString *name) {
  return name != NULL && !isincommon(g, name);
}

static void shareproto (lua_State *L, Sharing *s, Proto *f) {
  const global_State *g = G(L);
  int n, shared = SHARED_CODE | SHARED_CONSTANTS;
  if (f->shared) return;
  for (n = 0; n < f->sizelocvars; n++) if (isunshared(g, f->locvars[n].varname)) return;
  for (n = 0; n < f->sizeupvalues; n++) if (isunshared(g, f->upvalues[n].name)) return;
  for (n = 0; n < f->sizek; n++)
    if (iscollectable(&f->k[n]) && !isincommon(g, gcvalue(&f->k[n]))) shared = SHARED_CODE;
  for (n = 0; n < f->sizeupvalues; n++) {
    Upvaldesc described = f->upvalues[n];
    memset(&f->upvalues[n], 0, sizeof(Upvaldesc));  /* also the bytes that are nobody's: the same is kept once */
    f->upvalues[n].name = described.name;
    f->upvalues[n].instack = described.instack;
    f->upvalues[n].idx = described.idx;
    f->upvalues[n].kind = described.kind;
  }
#define sharevector(v,size,t)	if ((size) > 0) { \
    t *own = v; v = (t *)s->keep(s->ud, own, (size) * sizeof(t)); luaM_freearray(L, own, size); }
  sharevector(f->code, f->sizecode, Instruction)
  sharevector(f->lineinfo, f->sizelineinfo, ls_byte)
  sharevector(f->abslineinfo, f->sizeabslineinfo, AbsLineInfo)
  sharevector(f->locvars, f->sizelocvars, LocVar)
  sharevector(f->upvalues, f->sizeupvalues, Upvaldesc)
  if (shared & SHARED_CONSTANTS) sharevector(f->k, f->sizek, TValue)
#undef sharevector
  f->shared = cast_byte(shared);
}

/* In a VM after 'moonpool_settle'. What is kept must live as long as the VM, and as all its copies. */
LUA_API void moonpool_share (lua_State *L, void *ud, const void *(*keep) (void *, const void *, size_t)) {
  Sharing sharing;
  GCObject *o;
  sharing.ud = ud;
  sharing.keep = keep;
  for (o = G(L)->allgc; o != NULL; o = o->next)
    if (o->tt == LUA_VPROTO) shareproto(L, &sharing, gco2p(o));
}

#undef block
#undef addressof
#undef address
#undef unused
#undef refuse

/* For so many strings of its own a VM has room at first: it would begin with a table for two, and enlarge that many times. */
#define STRINGS_AT_FIRST	32

/* Collects all garbage, and forgets what the collector and calls that are over have left. No script is at work. */
LUA_API void moonpool_settle (lua_State *L) {
  global_State *g = G(L);
  GCObject *o;
  int size;
  luaC_fullgc(L, 0);
  luaC_fullgc(L, 0);  /* what finalizers have left */
  for (size = g->strt.size; size > STRINGS_AT_FIRST && g->strt.nuse < size / 4; size /= 2);
  luaS_resize(L, (size > STRINGS_AT_FIRST) ? size : STRINGS_AT_FIRST);
  g->gray = g->grayagain = g->weak = g->ephemeron = g->allweak = NULL;
  g->sweepgc = NULL;
  freeCI(g->mainthread);
  for (o = g->allgc; o != NULL; o = o->next)
    if (o->tt == LUA_VTHREAD) freeCI(gco2th(o));
}

/* Puts keys where they belong that are hashed by where they are, after all objects have moved, and not as one. */
LUA_API int moonpool_rehash (lua_State *L) {
  GCObject *o;
  for (o = G(L)->allgc; o != NULL; o = o->next) {
    Table *t;
    Node *old;
    int n, size, any = 0;
    if (o->tt != LUA_VTABLE || isdummy(gco2t(o))) continue;
    t = gco2t(o);
    size = sizenode(t);
    for (n = 0; n < size; n++)
      any |= keyiscollectable(gnode(t, n)) && novariant(keytt(gnode(t, n))) != LUA_TSTRING;
    if (!any) continue;
    old = (Node *)malloc(size * sizeof(Node));
    if (old == NULL) return 0;
    memcpy(old, t->node, size * sizeof(Node));
    for (n = 0; n < size; n++) {
      Node *node = gnode(t, n);
      gnext(node) = 0;
      setnilkey(node);
      setempty(gval(node));
    }
    t->lastfree = gnode(t, size);
    for (n = size - 1; n >= 0; n--) {
      TValue key;
      if (isempty(gval(&old[n]))) continue;
      getnodekey(L, &key, &old[n]);
      luaH_set(L, t, &key, gval(&old[n]));  /* there is room: nothing is allocated */
    }
    free(old);
  }
  return 1;
}

/* Pushes what 'math.random' draws from, and returns it, in a VM before any script; nil and NULL where there is no 'math'. */
LUA_API void *moonpool_pushrandomstate (lua_State *L) {
  int top = lua_gettop(L);
  lua_pushnil(L);
  if (lua_getglobal(L, LUA_MATHLIBNAME) == LUA_TTABLE && lua_getfield(L, -1, "randomseed") == LUA_TFUNCTION) {
    lua_getupvalue(L, -1, 1);
    lua_replace(L, top + 1);
  }
  lua_settop(L, top + 1);
  return lua_touserdata(L, -1);
}

/* New seeds for 'math.random' in a copy of a VM, before any script. */
LUA_API void moonpool_reseed (lua_State *L, void *randomstate) {
  randseed(L, (RanState *)randomstate);
  lua_pop(L, 2);  /* remove pushed seeds */
}

/* Whether a coroutine has begun, and so cannot be in an image. */
LUA_API int moonpool_hasbegun (lua_State *co) {
  return co->status == LUA_YIELD || co->ci != &co->base_ci || co->openupval != NULL;
}
