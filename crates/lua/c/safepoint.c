/* What a raised flag does to the VM: a yield that the script does not see, or a final kill. */

/*
** The flag's values, shared with src/lib.rs (`Flag`):
**   0            go on
**   1            be preempted: yield at the next safepoint where Lua can
**   2 and above  die: the value says why; it is never lowered while the script has frames
*/
#define FLAG_MEMORY	2

/*
** Why the host suspends a script ('suspending'), shared with src/branch.rs (`Reason`). 'parallel' passes the first on, and
** goes on with another branch after the second.
*/
#define SUSPENDS_PREEMPTED	1
#define SUSPENDS_WAITING	2

#if defined(_MSC_VER)
#include <intrin.h>
#endif

/* Sets '*flag' if it is '*now', in one step; else says in '*now' what it is. */
static int luaP_swap (volatile int *flag, int *now, int then) {
#if defined(__GNUC__) || defined(__clang__)
  return __atomic_compare_exchange_n(flag, now, then, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
#else  /* MSVC, where a long has the bits of an int */
  long was = _InterlockedCompareExchange((volatile long *)flag, then, *now);
  int swapped = (was == *now);
  *now = (int)was;
  return swapped;
#endif
}

/* Ends the run: an error that no handler sees and that no protected call keeps. */
static l_noret luaP_kill (lua_State *L) {
  setnilvalue(s2v(L->top.p));  /* the error object says nothing; EXTRA_STACK has room */
  L->top.p++;
  luaD_throw(L, LUA_ERRRUN);  /* not luaG_errormsg: no message handler runs */
}

/*
** Called in a place where Lua cannot yield while the flag is up: suspends the native stack that the VM runs on, with
** everything on it, until the VM is resumed; dies, before or after that, if the flag says so. Without such a stack the
** script goes on.
*/
static void luaP_poll (lua_State *L) {
  pollkill(L);
  if (G(L)->suspend != NULL) {
    G(L)->suspend(G(L)->fiber);
    pollkill(L);
  }
}

/*
** The heap limit: the first reason to die wins, as everywhere, also when another thread raises the flag at this very
** moment.
*/
static void luaP_outofmemory (lua_State *L) {
  volatile int *flag = G(L)->flag;
  int now = *flag;
  while (now <= FLAG_PREEMPT && !luaP_swap(flag, &now, FLAG_MEMORY)) ;
}

/*
** Called by luaG_traceexec before an instruction while the flag is up. A yield is done exactly as a
** yielding count hook does it (see luaG_traceexec and 'resume' in ldo.c); CIST_HOOKYIELD, left by the
** yield, lets one instruction pass on re-entry, so that a flag that stays up still allows progress. Nothing yields so in a VM
** that repeats (see c/repeat.c), where the depth of calls through C must not depend on time.
*/
static void luaP_safepoint (lua_State *L, CallInfo *ci, const Instruction *pc) {
  ci->u.l.savedpc = pc + 1;  /* reference is always next instruction */
  if (!isIT(*pc))
    L->top.p = ci->top.p;
  pollkill(L);
  if (ci->callstatus & CIST_HOOKYIELD)
    ci->callstatus &= ~CIST_HOOKYIELD;
  else if (yieldable(L) && G(L)->pinned == 0 && !G(L)->repeats) {
    G(L)->suspending = SUSPENDS_PREEMPTED;
    L->status = LUA_YIELD;
    ci->u2.nyield = 0;
    ci->callstatus |= CIST_HOOKYIELD;
    luaD_throw(L, LUA_YIELD);
  }
  else
    luaP_poll(L);
}

/*
** 'lua_resume' for a Lua caller, 'L'. Returns LUA_SUSPENDED when 'co' was suspended by the host: then 'L' must
** be, too, and resume 'co' again later. Where 'L' cannot yield, nothing below it may be suspended ('pinned'; exact,
** because lua_resume returns whatever happens).
*/
static int luaP_resume (lua_State *L, lua_State *co, int narg, int *nres) {
  int pin = !yieldable(L);
  int inside = G(L)->inside;
  int status;
  G(L)->pinned += pin;
  G(L)->suspending = 0;
  status = lua_resume(co, L, narg, nres);
  G(L)->pinned -= pin;
  G(L)->inside = inside;
  if (status == LUA_YIELD && G(L)->suspending)
    return LUA_SUSPENDED;
  return status;
}

/*
** Whether the host suspended this coroutine, and not 'coroutine.yield': then it stands before an instruction, or in a C
** function that has a continuation.
*/
static int luaP_issuspended (lua_State *co) {
  return co->status == LUA_YIELD && (isLua(co->ci) || co->ci->u.c.k != NULL);
}

/* Makes the VM watch '*flag', which must outlive the VM or be replaced; NULL is a lowered one of its own. */
LUA_API volatile int *moonpool_setflag (lua_State *L, volatile int *flag) {
  volatile int *before = G(L)->flag;
  G(L)->ownflag = FLAG_RUN;
  G(L)->flag = (flag != NULL) ? flag : &G(L)->ownflag;
  return before;
}

/* Makes 'base' look like the main thread to scripts; it must live as long as the VM. */
LUA_API void moonpool_setbase (lua_State *L, lua_State *base) {
  G(L)->base = base;
}

/* Dies if the flag says so: for loops in C, outside Lua's own code. */
LUA_API void moonpool_poll (lua_State *L) {
  pollkill(L);
}

/*
** How many calls of functions that cannot yield are at work, as the host counts them. It counts up before such a call, and
** down when that ends, also by an error that is caught. An error that ends a coroutine ends the calls in there, too, even if
** nobody closes the coroutine: then luaP_resume counts as before it.
*/
LUA_API int *moonpool_inside (lua_State *L) {
  return &G(L)->inside;
}

/* Whether the C function that is running could suspend the VM: as luaP_safepoint asks. */
LUA_API int moonpool_cansuspend (lua_State *L) {
  return (yieldable(L) && G(L)->pinned == 0) || G(L)->suspend != NULL;
}

/* From here on the VM runs on a native stack that 'suspend' can suspend; with NULL, on one that cannot be. */
LUA_API void moonpool_setfiber (lua_State *L, void (*suspend) (void *), void *fiber) {
  G(L)->suspend = suspend;
  G(L)->fiber = fiber;
}

/*
** Suspends the VM from a C function, as a safepoint does: through all coroutines, and nobody can tell; where Lua cannot
** yield, with its native stack. 'k' goes on when the VM is resumed. Only where 'moonpool_cansuspend' says so.
*/
LUA_API int moonpool_suspend (lua_State *L, lua_KFunction k) {
  if (yieldable(L) && G(L)->pinned == 0) {
    G(L)->suspending = SUSPENDS_WAITING;
    return lua_yieldk(L, 0, 0, k);
  }
  G(L)->suspend(G(L)->fiber);
  pollkill(L);
  return k(L, LUA_YIELD, 0);
}
