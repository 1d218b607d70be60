/* Branches: coroutines that a C function of the host's resumes in turn. One that waits does not suspend the others. */

/* Makes a new coroutine a branch: 'coroutine.yield' is an error in it. */
LUA_API void moonpool_setbranch (lua_State *co) {
  co->isbranch = 1;
}

/* Whether the C function that is running suspends the VM by a yield, and not with its native stack. */
LUA_API int moonpool_canyield (lua_State *L) {
  return yieldable(L) && G(L)->pinned == 0;
}

/*
** Resumes a branch. Returns its status, or minus the reason for which the host suspended it (see safepoint.c). If it can
** be suspended itself, by whichever means, then 'L' can suspend the VM for it; so nothing above 'L' pins what is below.
*/
LUA_API int moonpool_resumebranch (lua_State *L, lua_State *co, int *nres) {
  int pinned = G(L)->pinned;
  int inside = G(L)->inside;
  int status;
  G(L)->pinned = moonpool_cansuspend(L) ? 0 : pinned + 1;
  G(L)->suspending = 0;
  status = lua_resume(co, L, 0, nres);
  G(L)->pinned = pinned;
  G(L)->inside = inside;
  return (status == LUA_YIELD) ? -G(L)->suspending : status;
}

/* Suspends the VM by a yield, for a reason of safepoint.c. 'k' goes on with 'ctx' when it is resumed. */
LUA_API int moonpool_yieldfor (lua_State *L, int reason, lua_KContext ctx, lua_KFunction k) {
  G(L)->suspending = reason;
  return lua_yieldk(L, 0, ctx, k);
}

/* Suspends the native stack that the VM runs on, and returns when the VM is resumed. */
LUA_API void moonpool_suspendstack (lua_State *L) {
  G(L)->suspend(G(L)->fiber);
  pollkill(L);
}

/* The coroutine that one which the host suspended has resumed, by 'coroutine.resume' or 'coroutine.wrap'; or NULL. */
LUA_API lua_State *moonpool_resumedby (lua_State *co) {
  StkId func = co->ci->func.p;
  if (!luaP_issuspended(co) || isLua(co->ci)) return NULL;
  if (ttislcf(s2v(func)) && fvalue(s2v(func)) == luaB_coresume)
    return lua_tothread(co, 1);
  if (ttisCclosure(s2v(func)) && clCvalue(s2v(func))->f == luaB_auxwrap)
    return thvalue(&clCvalue(s2v(func))->upvalue[0]);
  return NULL;
}

/* Whether a coroutine that the host suspended goes on with 'k', and then with which number. */
LUA_API int moonpool_goesonwith (lua_State *co, lua_KFunction k, lua_KContext *ctx) {
  if (!luaP_issuspended(co) || isLua(co->ci) || co->ci->u.c.k != k) return 0;
  *ctx = co->ci->u.c.ctx;
  return 1;
}
