//! A kill is final: once the flag says so, no protected call hands control back to the script.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "kill-before-c-function",
        file: "ldo.c",
        find: "  int n;  /* number of returns */\n  CallInfo *ci;\n  checkstackGCp(L, LUA_MINSTACK, func);",
        replace: "  int n;  /* number of returns */\n  CallInfo *ci;\n  pollkill(L);\n  checkstackGCp(L, LUA_MINSTACK, func);",
        why: "No library or API function starts after a kill, however it is reached (metamethods, \
              iterators, __close, comparators); also ends chains of C functions that run no Lua.",
    },
    Edit {
        name: "kill-skips-suspended-pcalls",
        file: "ldo.c",
        find: "  while (errorstatus(status) && (ci = findpcall(L)) != NULL) {",
        replace: "  while (errorstatus(status) && !killed(L) && (ci = findpcall(L)) != NULL) {",
        why: "'pcall' inside a coroutine is a mark on the stack, not a setjmp: do not recover to it.",
    },
    Edit {
        name: "kill-through-pcall",
        file: "lbaselib.c",
        find: "  if (l_unlikely(status != LUA_OK && status != LUA_YIELD)) {  /* error? */\n    lua_pushboolean(L, 0);  /* first result (false) */",
        replace: "  if (l_unlikely(status != LUA_OK && status != LUA_YIELD)) {  /* error? */\n    pollkill(L);\n    lua_pushboolean(L, 0);  /* first result (false) */",
        why: "'pcall' and 'xpcall' under a C boundary catch with setjmp: throw on from there.",
    },
    Edit {
        name: "kill-through-close",
        file: "lcorolib.c",
        find: "      status = lua_closethread(co, L);\n      if (status == LUA_OK) {",
        replace: "      status = lua_closethread(co, L);\n      pollkill(L);\n      if (status == LUA_OK) {",
        why: "'coroutine.close' returns errors of __close metamethods as a value.",
    },
    Edit {
        name: "out-of-memory-is-a-kill",
        file: "ldo.c",
        find: "l_noret luaD_throw (lua_State *L, int errcode) {\n",
        replace: "l_noret luaD_throw (lua_State *L, int errcode) {\n  if (l_unlikely(errcode == LUA_ERRMEM))\n    luaP_outofmemory(L);\n",
        why: "A script that survives its memory limit can make every further allocation run a full collection.",
    },
    Edit {
        name: "out-of-memory-is-not-a-message",
        file: "lapi.c",
        find: "  if (ttisshrstring(errobj) && eqshrstr(tsvalue(errobj), G(L)->memerrmsg))\n    luaM_error(L);  /* raise a memory error */\n  else\n    luaG_errormsg(L);",
        replace: "  luaG_errormsg(L);",
        why: "error(\"not enough memory\") in a script is an ordinary error: it must not look like the real thing.",
    },
    Edit {
        name: "buffer-out-of-memory",
        file: "lauxlib.c",
        find: "    lua_pushliteral(L, \"not enough memory\");\n    lua_error(L);  /* raise a memory error */\n",
        replace: "    lua_gc(L, LUA_GCCOLLECT);  /* as every other allocation does */\n    \
                  temp = allocf(ud, box->box, box->bsize, newsize);\n    \
                  if (temp == NULL) luaM_error(L);\n",
        why: "String buffers ask the allocator directly: give garbage a chance to go before the run is killed, \
              and raise the real memory error.",
    },
];
