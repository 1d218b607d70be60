/* What tables have, where it lies: for a host that writes values down while nothing of Lua runs, and nothing is allocated. */

enum { ITEM_NIL, ITEM_FALSE, ITEM_TRUE, ITEM_INTEGER, ITEM_FLOAT, ITEM_STRING, ITEM_LIGHT, ITEM_TABLE, ITEM_OTHER };

typedef struct Item {
  int kind;
  union { lua_Integer i; lua_Number n; const void *p; } as;
  size_t size;
} Item;

static void looked (const TValue *o, Item *item) {
  switch (ttypetag(o)) {
    case LUA_VFALSE: item->kind = ITEM_FALSE; break;
    case LUA_VTRUE: item->kind = ITEM_TRUE; break;
    case LUA_VNUMINT: item->kind = ITEM_INTEGER; item->as.i = ivalue(o); break;
    case LUA_VNUMFLT: item->kind = ITEM_FLOAT; item->as.n = fltvalue(o); break;
    case LUA_VSHRSTR: case LUA_VLNGSTR:
      item->kind = ITEM_STRING; item->as.p = getstr(tsvalue(o)); item->size = tsslen(tsvalue(o)); break;
    case LUA_VLIGHTUSERDATA: item->kind = ITEM_LIGHT; item->as.p = pvalue(o); break;
    case LUA_VTABLE: item->kind = ITEM_TABLE; item->as.p = hvalue(o); break;
    default: item->kind = ttisnil(o) ? ITEM_NIL : ITEM_OTHER; break;
  }
}

/* How many places a table has in its array and in its hash, and the address of its metatable. */
const void *moonpool_lookat (const void *table, size_t *array, size_t *hash) {
  const Table *t = (const Table *)table;
  *array = luaH_realasize(t);
  *hash = isdummy(t) ? 0 : (size_t)sizenode(t);
  return t->metatable;
}

/* How many values stand in the array from the place 'from' on, up to a nil or to the place 'to'. */
size_t moonpool_lookahead (const void *table, size_t from, size_t to) {
  const Table *t = (const Table *)table;
  size_t at = from;
  while (at < to && !isempty(&t->array[at])) at++;
  return at - from;
}

/* Whether the array has a value from the place 'from' on, before the place 'to'. */
int moonpool_looksempty (const void *table, size_t from, size_t to) {
  const Table *t = (const Table *)table;
  for (; from < to; from++)
    if (!isempty(&t->array[from])) return 0;
  return 1;
}

/* The values of the array from one place to another. */
void moonpool_lookarray (const void *table, size_t from, size_t to, Item *items) {
  const Table *t = (const Table *)table;
  for (; from < to; from++) looked(&t->array[from], items++);
}

/* Up to 'most' keys and values of the hash from the place '*from' on, before the place 'to'; '*from' is behind them then. */
size_t moonpool_lookhash (const void *table, size_t *from, size_t to, Item *keys, Item *values, size_t most) {
  const Table *t = (const Table *)table;
  size_t found = 0;
  for (; *from < to && found < most; ++*from) {
    const Node *n = gnode(t, *from);
    TValue key;
    if (isempty(gval(n))) continue;
    key.value_ = n->u.key_val;
    key.tt_ = n->u.key_tt;
    looked(&key, &keys[found]);
    looked(gval(n), &values[found]);
    found++;
  }
  return found;
}
