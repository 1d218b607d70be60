//! A kill is final because the flag stays up: every Lua function and every instruction after a call looks at it, and
//! so does every C function before it starts. `pcall` may return `false`, but to nobody who acts on it.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "kill-before-c-function",
        file: "ldo.c",
        find: "  int n;  /* number of returns */\n  CallInfo *ci;\n  checkstackGCp(L, LUA_MINSTACK, func);",
        replace: "  int n;  /* number of returns */\n  CallInfo *ci;\n  if (killed(L) && !(G(L)->gcstp & GCSTPGC)) luaP_kill(L);\n  checkstackGCp(L, LUA_MINSTACK, func);",
        proof: "safepoints::starts_no_c_function",
        why: "No library or API function starts after a kill, however it is reached (metamethods, \
              iterators, __close, comparators); also ends chains of C functions that run no Lua. But a finalizer that the \
              collector calls does: the object is out of its list, and nobody would call it again.",
    },
    Edit {
        name: "out-of-memory-is-a-kill",
        file: "ldo.c",
        find: "l_noret luaD_throw (lua_State *L, int errcode) {\n",
        replace: "l_noret luaD_throw (lua_State *L, int errcode) {\n  if (l_unlikely(errcode == LUA_ERRMEM))\n    luaP_outofmemory(L);\n",
        proof: "memory::running_out_of_memory_is_final",
        why: "A script that survives its memory limit can make every further allocation run a full collection.",
    },
    Edit {
        name: "out-of-memory-is-not-a-message",
        file: "lapi.c",
        find: "  if (ttisshrstring(errobj) && eqshrstr(tsvalue(errobj), G(L)->memerrmsg))\n    luaM_error(L);  /* raise a memory error */\n  else\n    luaG_errormsg(L);",
        replace: "  luaG_errormsg(L);",
        proof: "safepoints::error_not_enough_memory_is_an_ordinary_error",
        why: "error(\"not enough memory\") in a script is an ordinary error: it must not look like the real thing.",
    },
    Edit {
        name: "buffer-out-of-memory",
        file: "lauxlib.c",
        find: "    lua_pushliteral(L, \"not enough memory\");\n    lua_error(L);  /* raise a memory error */\n",
        replace: "    lua_gc(L, LUA_GCCOLLECT);  /* as every other allocation does */\n    \
                  temp = allocf(ud, box->box, box->bsize, newsize);\n    \
                  if (temp == NULL) luaM_error(L);\n",
        proof: "memory::a_buffer_collects_garbage_before_it_gives_up",
        why: "String buffers ask the allocator directly: give garbage a chance to go before the run is killed, \
              and raise the real memory error.",
    },
];
