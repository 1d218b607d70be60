//! Opening libraries: most of what a fresh VM costs.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "library-setter",
        file: "lauxlib.c",
        find: "LUALIB_API void luaL_setfuncs (lua_State *L, const luaL_Reg *l, int nup) {\n",
        replace: "static void luaP_setname (lua_State *L, int idx, const char *name);\n\n\
                  LUALIB_API void luaL_setfuncs (lua_State *L, const luaL_Reg *l, int nup) {\n",
        proof: "build",
        why: "See library-set-raw; the function is in c/library.c.",
    },
    Edit {
        name: "library-set-raw",
        file: "lauxlib.c",
        find: "    lua_setfield(L, -(nup + 2), l->name);\n  }\n  lua_pop(L, nup);  /* remove upvalues */\n",
        replace: "    luaP_setname(L, -(nup + 2), l->name);\n  }\n  lua_pop(L, nup);  /* remove upvalues */\n",
        proof: "library::functions_are_set_past_metamethods",
        why: "The functions of a library go into a plain table, each once: no metamethods, and no cache of C strings, \
              whose comparisons were a tenth of what a VM costs.",
    },
];
