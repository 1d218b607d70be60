//! Safepoints: the flag that any thread may raise, and where the VM looks at it.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "flag-in-global-state",
        file: "lstate.h",
        find: "  void *ud_warn;         /* auxiliary data to 'warnf' */\n} global_State;",
        replace: "  void *ud_warn;         /* auxiliary data to 'warnf' */
  volatile int *flag;  /* moonpool: what other threads ask of this VM */
  int ownflag;  /* moonpool: what 'flag' points to until the host sets it */
  int pinned;  /* moonpool: resumes under a caller that cannot yield */
  int inside;  /* moonpool: calls of the host's that are at work, and that it counts (c/safepoint.c) */
  int abandoned;  /* moonpool: the collector stopped for good */
  int suspending;  /* moonpool: the last yield was the host's, not the script's: why (c/safepoint.c) */
  void (*suspend) (void *fiber);  /* moonpool: suspends the native stack that the VM runs on, if it can be */
  void *fiber;  /* moonpool: that stack */
  struct lua_State *base;  /* moonpool: the coroutine that stands for the main thread */
  const void *host;  /* moonpool: what the host keeps of this VM */
  const double *clock;  /* moonpool: the time of the run, if that has its own (see c/repeat.c) */
  lua_Unsigned seeds;  /* moonpool: what the next seed of a VM that repeats is made of */
  int repeats;  /* moonpool: REPEATS in a VM that repeats, else 0 */
} global_State;

/* moonpool: values of the flag (see c/safepoint.c) */
#define FLAG_RUN	0
#define FLAG_PREEMPT	1
#define flagged(L)	l_unlikely(*G(L)->flag != FLAG_RUN)
#define killed(L)	l_unlikely(*G(L)->flag > FLAG_PREEMPT)
#define pollkill(L)	{ if (killed(L)) luaP_kill(L); }
#define pollflag(L)	{ if (flagged(L)) luaP_poll(L); }
struct CallInfo;
#define LUAP_PIECE	((size_t)1 << 16)  /* so many bytes are worked on between two polls */
#define pollevery(L,n)	{ if (((n) & 0xffff) == 0) pollflag(L) }
extern unsigned int moonpool_lua_seed (void);
extern const lua_Unsigned *moonpool_lua_hashkey (void);
extern lua_Integer moonpool_lua_objectid (const void *address);
extern int moonpool_lua_repeats (lua_Unsigned *seeds);
#define REPEATS	(1 << 6)  /* in 'flags' of a table: the one bit that Lua has no use for */
static unsigned int luaP_seed (struct lua_State *L);
static lua_Unsigned luaP_seed64 (struct lua_State *L);
static lua_Integer luaP_objectid (struct lua_State *L, int idx);
static const lua_Unsigned *luaP_hashkey;
#define LUA_SUSPENDED	(-2)  /* result of luaP_resume: suspended by the host */
static int luaP_resume (struct lua_State *L, struct lua_State *co, int narg,
                        int *nres);
static int luaP_issuspended (struct lua_State *co);
static l_noret luaP_kill (struct lua_State *L);
static void luaP_poll (struct lua_State *L);
static size_t luaP_piece (struct lua_State *L, size_t from, size_t end);
static void luaP_rep (struct lua_State *L, char *p, size_t size, const char *s,
                      size_t l, const char *sep, size_t lsep);
static void luaP_outofmemory (struct lua_State *L);
static int luaP_growbase (struct lua_State *L, int n);
static void luaP_safepoint (struct lua_State *L, struct CallInfo *ci,
                            const Instruction *pc);",
        proof: "build",
        why: "The flag is per VM, shared by all its coroutines, and read through a pointer so that \
              its owner can be an object that outlives the VM.",
    },
    Edit {
        name: "flag-starts-lowered",
        file: "lstate.c",
        find: "  g->ud_warn = NULL;\n  g->mainthread = L;",
        replace: "  g->ud_warn = NULL;\n  g->flag = &g->ownflag;\n  g->ownflag = FLAG_RUN;\n  \
                  g->suspending = g->abandoned = g->inside = 0;\n  g->clock = NULL;\n  \
                  g->seeds = 0;\n  g->repeats = moonpool_lua_repeats(&g->seeds) ? REPEATS : 0;\n  g->pinned = (g->repeats != 0);\n  g->suspend = NULL;\n  g->fiber = NULL;\n  g->base = NULL;\n  g->host = NULL;\n  g->mainthread = L;",
        proof: "safepoints::two_states_have_different_seeds",
        why: "A VM that nobody set a flag for has one of its own.",
    },
    Edit {
        name: "poll-at-jumps",
        file: "lvm.c",
        find: "#define updatetrap(ci)  (trap = ci->u.l.trap)",
        replace: "#define updatetrap(ci)  (trap = ci->u.l.trap | *flag)",
        proof: "safepoints::ends_a_loop",
        why: "Every backward jump, loop step and return from a call already refreshes 'trap' here; \
              one more load makes it see the flag.",
    },
    Edit {
        name: "poll-local-pointer",
        file: "lvm.c",
        find: "  const Instruction *pc;\n  int trap;\n#if LUA_USE_JUMPTABLE",
        replace: "  const Instruction *pc;\n  int trap;\n  volatile int *const flag = G(L)->flag;\n#if LUA_USE_JUMPTABLE",
        proof: "build",
        why: "Keeps the flag's address in a register or stack slot of 'luaV_execute'.",
    },
    Edit {
        name: "poll-at-function-entry",
        file: "lvm.c",
        find: " startfunc:\n  trap = L->hookmask;\n",
        replace: " startfunc:\n  trap = L->hookmask | *flag;\n",
        proof: "safepoints::ends_endless_recursion_by_tail_calls",
        why: "Recursion without a loop, and the first instruction of every handler, metamethod and finalizer.",
    },
    Edit {
        name: "safepoint-handler",
        file: "ldebug.c",
        find: "  const Proto *p = ci_func(ci)->p;\n  int counthook;\n",
        replace: "  const Proto *p = ci_func(ci)->p;\n  int counthook;\n  if (flagged(L))\n    luaP_safepoint(L, ci, pc);\n",
        proof: "safepoints::ends_a_loop",
        why: "'trap' leads here before the next instruction; a debug hook would be switched off in \
              finalizers and message handlers, the flag is not.",
    },
];
