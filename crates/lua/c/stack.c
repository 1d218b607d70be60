/* Room on both stacks for what the host does below a C function. */

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
