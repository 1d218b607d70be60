//! How deep Lua's own stack goes, and that running out of memory for it is final, too.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "stack-limit",
        file: "ldo.c",
        find: "#define ERRORSTACKSIZE\t(LUAI_MAXSTACK + 200)",
        replace: "#if !defined(LUAP_MAXSTACK)\n#define LUAP_MAXSTACK\t200000\n#endif\n\
                  #define ERRORSTACKSIZE\t(LUAP_MAXSTACK + 200)",
        proof: "build",
        why: "LUAI_MAXSTACK, a million slots, is part of the number of the registry's pseudo-index, which mlua-sys \
              shares; so the limit gets a name of its own. A million slots, and the frames in them, are 77 MB: endless \
              recursion met the memory limit, which nobody catches, instead of Lua's \"stack overflow\".",
    },
    Edit {
        name: "stack-limit-grow",
        file: "ldo.c",
        find: "  if (l_unlikely(size > LUAI_MAXSTACK)) {",
        replace: "  if (l_unlikely(size > LUAP_MAXSTACK)) {",
        proof: "stack::a_handler_of_a_stack_overflow_may_overflow_too",
        why: "See stack-limit. Past the limit the stack is that of a handler of an overflow.",
    },
    Edit {
        name: "stack-limit-size",
        file: "ldo.c",
        find: "    if (newsize > LUAI_MAXSTACK)  /* cannot cross the limit */\n      newsize = LUAI_MAXSTACK;\n    \
               if (newsize < needed)  /* but must respect what was asked for */\n      newsize = needed;\n    \
               if (l_likely(newsize <= LUAI_MAXSTACK))",
        replace: "    if (newsize > LUAP_MAXSTACK)  /* cannot cross the limit */\n      newsize = LUAP_MAXSTACK;\n    \
                  if (newsize < needed)  /* but must respect what was asked for */\n      newsize = needed;\n    \
                  if (l_likely(newsize <= LUAP_MAXSTACK))",
        proof: "stack::endless_recursion_is_an_error_of_few_megabytes",
        why: "See stack-limit.",
    },
    Edit {
        name: "stack-limit-shrink",
        file: "ldo.c",
        find: "  int max = (inuse > LUAI_MAXSTACK / 3) ? LUAI_MAXSTACK : inuse * 3;",
        replace: "  int max = (inuse > LUAP_MAXSTACK / 3) ? LUAP_MAXSTACK : inuse * 3;",
        proof: "stack::a_deep_stack_can_overflow_again",
        why: "See stack-limit. The collector brings a stack that has overflowed back to the limit; with another limit \
              it would stay as long as a handler's, and the next overflow would be an \"error in error handling\".",
    },
    Edit {
        name: "stack-limit-shrunk",
        file: "ldo.c",
        find: "  if (inuse <= LUAI_MAXSTACK && stacksize(L) > max) {\n    \
               int nsize = (inuse > LUAI_MAXSTACK / 2) ? LUAI_MAXSTACK : inuse * 2;",
        replace: "  if (inuse <= LUAP_MAXSTACK && stacksize(L) > max) {\n    \
                  int nsize = (inuse > LUAP_MAXSTACK / 2) ? LUAP_MAXSTACK : inuse * 2;",
        proof: "stack::a_deep_stack_can_overflow_again",
        why: "See stack-limit-shrink.",
    },
    Edit {
        name: "stack-out-of-memory-is-a-kill",
        file: "ldo.c",
        find: "    if (raiseerror)\n      luaM_error(L);\n    else return 0;  /* do not raise an error */",
        replace: "    if (newsize > oldsize)\n      luaP_outofmemory(L);\n    \
                  if (raiseerror)\n      luaM_error(L);\n    else return 0;  /* do not raise an error */",
        proof: "stack::running_out_of_memory_for_the_stack_is_final",
        why: "lua_checkstack only says no when memory runs out, and its callers raise an ordinary error, also those of \
              the host: a script could catch as many as it liked at its memory limit.",
    },
    Edit {
        name: "host-failure-is-a-kill",
        file: "lapi.c",
        find: "  errobj = s2v(L->top.p - 1);\n  api_checknelems(L, 1);\n  /* error object is the memory error message? */\n",
        replace: "  errobj = s2v(L->top.p - 1);\n  api_checknelems(L, 1);\n  \
                  if (l_unlikely(ttisfulluserdata(errobj) && uvalue(errobj)->len > 0)) {\n    \
                  luaP_outofmemory(L);\n    luaP_kill(L);\n  }\n",
        proof: "stack::a_failure_of_the_host_is_final",
        why: "mlua throws its own failures (a Rust error or panic) as userdata that owns memory which no limit counts. \
              No script has userdata with memory, so it can only be that; no script may catch and keep it.",
    },
    Edit {
        name: "caught-error-keeps-stack",
        file: "ldo.c",
        find: "    luaD_seterrorobj(L, status, restorestack(L, old_top));\n    luaD_shrinkstack(L);",
        replace: "    luaD_seterrorobj(L, status, restorestack(L, old_top));\n    \
                  if (l_unlikely(stacksize(L) > LUAP_MAXSTACK))\n      luaD_shrinkstack(L);",
        proof: "stack::errors_caught_deep_in_the_stack_cost_what_they_cost_elsewhere",
        why: "Shrinking looks at every frame: a caught error took 180 µs where the stack is 60 000 calls deep, also an \
              error of the host's functions. Only a stack that has overflowed must shrink now; the collector shrinks the rest.",
    },
    Edit {
        name: "caught-error-keeps-stack-after-yield",
        file: "ldo.c",
        find: "    luaD_seterrorobj(L, status, func);\n    luaD_shrinkstack(L);",
        replace: "    luaD_seterrorobj(L, status, func);\n    \
                  if (l_unlikely(stacksize(L) > LUAP_MAXSTACK))\n      luaD_shrinkstack(L);",
        proof: "stack::errors_caught_deep_in_the_stack_cost_what_they_cost_elsewhere",
        why: "See caught-error-keeps-stack: where Lua can yield, pcall ends here.",
    },
    Edit {
        name: "stack-of-references",
        file: "lapi.c",
        find: "    res = luaD_growstack(L, n, 0);\n",
        replace: "    res = (ci == &L->base_ci) ? luaP_growbase(L, n) : luaD_growstack(L, n, 0);\n",
        proof: "stack::a_thread_that_runs_nothing_may_hold_more",
        why: "mlua keeps each value that Rust holds in a slot of a thread of its own, which runs nothing: the keys of \
              one large table may be more than LUAP_MAXSTACK.",
    },
];
