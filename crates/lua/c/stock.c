/* One door into unedited Lua: runs a chunk and collects what it prints. For tests and benchmarks. */

typedef struct { char *text; size_t len, cap; } StockOut;

static void stock_add (StockOut *out, const char *s, size_t len) {
  if (out->len + len > out->cap) {
    size_t cap = (out->len + len) * 2 + 64;
    char *text = realloc(out->text, cap);
    if (text == NULL) abort();
    out->text = text;
    out->cap = cap;
  }
  memcpy(out->text + out->len, s, len);
  out->len += len;
}

static int stock_print (lua_State *L) {
  StockOut *out = (StockOut *)lua_touserdata(L, lua_upvalueindex(1));
  int i, n = lua_gettop(L);
  for (i = 1; i <= n; i++) {
    size_t len;
    const char *s = luaL_tolstring(L, i, &len);
    if (i > 1) stock_add(out, "\t", 1);
    stock_add(out, s, len);
    lua_pop(L, 1);
  }
  stock_add(out, "\n", 1);
  return 0;
}

static int stock_write (lua_State *L) {
  StockOut *out = (StockOut *)lua_touserdata(L, lua_upvalueindex(1));
  int i, n = lua_gettop(L);
  for (i = 1; i <= n; i++) {
    if (lua_type(L, i) == LUA_TNUMBER && !lua_isinteger(L, i)) {  /* as g_write in liolib.c */
      char buff[64];
      stock_add(out, buff, (size_t)snprintf(buff, sizeof(buff), LUA_NUMBER_FMT, lua_tonumber(L, i)));
    } else {
      size_t len;
      const char *s = luaL_checklstring(L, i, &len);
      stock_add(out, s, len);
    }
  }
  lua_pushvalue(L, lua_upvalueindex(2));
  return 1;
}

/* lua-cjson, to compare JSON with */
int luaopen_cjson (lua_State *L);

static void stock_deadline (lua_State *L, lua_Debug *ar) {
  clock_t *deadline = *(clock_t **)lua_getextraspace(L);
  (void)ar;
  if (clock() > *deadline)
    luaL_error(L, "deadline");
}

/*
** Runs 'source' in a new state with all standard libraries, and 'cjson' to be required. Returns Lua's status; '*text' (to be freed
** with moonpool_stock_free) is the output, followed by the error message when the status is not zero.
** 'cpu_ms' > 0 sets a count hook that ends ordinary loops after that much CPU time.
*/
int moonpool_stock_run (const char *source, size_t size, const char *name, int cpu_ms,
                        char **text, size_t *len) {
  StockOut out = {NULL, 0, 0};
  clock_t deadline = clock() + (clock_t)((double)cpu_ms * CLOCKS_PER_SEC / 1000);
  int status;
  lua_State *L = luaL_newstate();
  if (L == NULL) return LUA_ERRMEM;
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_cjson);
  lua_setfield(L, -2, "cjson");
  lua_pop(L, 1);
  lua_pushlightuserdata(L, &out);
  lua_pushcclosure(L, stock_print, 1);
  lua_setglobal(L, "print");
  lua_getglobal(L, "io");
  lua_pushlightuserdata(L, &out);
  lua_pushvalue(L, -2);
  lua_pushcclosure(L, stock_write, 2);
  lua_setfield(L, -2, "write");
  lua_pop(L, 1);
  if (cpu_ms > 0) {
    *(clock_t **)lua_getextraspace(L) = &deadline;
    lua_sethook(L, stock_deadline, LUA_MASKCOUNT, 10000);
  }
  status = luaL_loadbufferx(L, source, size, name, "t");
  if (status == LUA_OK)
    status = lua_pcall(L, 0, 0, 0);
  if (status != LUA_OK) {
    size_t n;
    const char *s = luaL_tolstring(L, -1, &n);
    stock_add(&out, s, n);
  }
  lua_close(L);
  *text = out.text;
  *len = out.len;
  return status;
}

void moonpool_stock_free (char *text) {
  free(text);
}
