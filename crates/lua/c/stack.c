/* Where stacks end: for what the host does below a C function, and for what it keeps in a thread that runs nothing. */

/* As luaD_growstack, for a thread that runs nothing, up to Lua's own limit. */
static int luaP_growbase (lua_State *L, int n) {
  int size = stacksize(L);
  int needed = cast_int(L->top.p - L->stack.p);
  if (n >= LUAI_MAXSTACK - needed)
    return 0;
  needed += n;
  size = (size < LUAI_MAXSTACK / 2) ? 2 * size : LUAI_MAXSTACK;
  return luaD_reallocstack(L, (size < needed) ? needed : size, 0);
}

/*
** Room for the host to work below the C function that is running: so many calls of C, and slots of the stack. Without
** it the function ends with Lua's error, here, where nothing of the host's can be lost. What fails after that fails
** because memory runs out, which is final.
*/
#define HOST_CCALLS	16
#define HOST_SLOTS	64

LUA_API void moonpool_ready (lua_State *L) {
  if (l_unlikely(getCcalls(L) >= LUAI_MAXCCALLS - HOST_CCALLS))
    luaG_runerror(L, "C stack overflow");
  luaL_checkstack(L, HOST_SLOTS, NULL);
}
