//! The base coroutine: the host runs a script in a coroutine, and the script sees the main thread.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "base-cannot-yield",
        file: "lcorolib.c",
        find: "static int luaB_yield (lua_State *L) {\n",
        replace: "static int luaB_yield (lua_State *L) {\n  if (l_unlikely(L == G(L)->base))\n    \
                  luaG_runerror(L, \"attempt to yield from outside a coroutine\");\n",
        proof: "base::the_base_coroutine_looks_like_the_main_thread",
        why: "The main thread of a script cannot yield; a yield of the base coroutine would reach the host. As lua_yieldk \
              does, without a position.",
    },
    Edit {
        name: "base-is-not-yieldable",
        file: "lcorolib.c",
        find: "  lua_pushboolean(L, lua_isyieldable(co));\n",
        replace: "  lua_pushboolean(L, co != G(L)->base && lua_isyieldable(co));\n",
        proof: "base::the_base_coroutine_looks_like_the_main_thread",
        why: "'coroutine.isyieldable' says what 'coroutine.yield' will do.",
    },
    Edit {
        name: "base-is-main",
        file: "lcorolib.c",
        find: "  int ismain = lua_pushthread(L);\n",
        replace: "  int ismain = lua_pushthread(L) || L == G(L)->base;\n",
        proof: "base::the_base_coroutine_looks_like_the_main_thread",
        why: "'coroutine.running' tells scripts whether they are in the main thread.",
    },
    Edit {
        name: "main-is-no-coroutine",
        file: "lcorolib.c",
        find: "  lua_State *co = lua_tothread(L, 1);\n  luaL_argexpected(L, co, 1, \"thread\");\n  return co;\n",
        replace: "  lua_State *co = lua_tothread(L, 1);\n  \
                  if (co != NULL && G(L)->base != NULL && co == G(L)->mainthread) co = NULL;\n  \
                  luaL_argexpected(L, co, 1, \"thread\");\n  return co;\n",
        proof: "base::the_hosts_main_thread_is_refused",
        why: "The host works on values on the main thread: a script that gets hold of it could close or resume it in \
              the middle of that.",
    },
];
