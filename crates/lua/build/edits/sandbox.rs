//! What Lua shows to scripts that they must not see, or lets them do that they must not.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "address-tostring",
        file: "lauxlib.c",
        find: "        lua_pushfstring(L, \"%s: %p\", kind, lua_topointer(L, idx));\n",
        replace: "        lua_pushfstring(L, \"%s: %I\", kind, (LUAI_UACINT)luaP_objectid(L, idx));\n",
        proof: "sandbox::tostring_shows_no_address_but_tells_objects_apart",
        why: "'tostring' shows a keyed hash of the address: as distinct and as stable, but no address.",
    },
    Edit {
        name: "address-format",
        file: "lstrlib.c",
        find: "          if (p == NULL) {  /* avoid calling 'printf' with argument NULL */\n            p = \"(null)\";  /* result */\n            form[strlen(form) - 1] = 's';  /* format it as a string */\n          }\n",
        replace: "          char id[32];\n          if (p == NULL)\n            p = \"(null)\";\n          else {\n            \
                  l_sprintf(id, sizeof(id), LUA_INTEGER_FMT, (LUAI_UACINT)luaP_objectid(L, arg));\n            p = id;\n          }\n          \
                  form[strlen(form) - 1] = 's';  /* format it as a string */\n",
        proof: "sandbox::format_p_shows_what_tostring_shows",
        why: "'%p' shows the number that 'tostring' shows.",
    },
    Edit {
        name: "name-of-light-userdata",
        file: "ltm.c",
        find: "      (ttisfulluserdata(o) && (mt = uvalue(o)->metatable) != NULL)) {\n",
        replace: "      (ttisfulluserdata(o) && (mt = uvalue(o)->metatable) != NULL) ||\n      \
                  (ttislightuserdata(o) && (mt = G(L)->mt[LUA_TLIGHTUSERDATA]) != NULL)) {\n",
        proof: "sandbox::errors_call_light_userdata_by_the_name_of_its_metatable",
        why: "Errors of operators call 'json.null' by its name, as those of arguments do. Lua looks for '__name' in the \
              metatables of tables and full userdata only.",
    },
    Edit {
        name: "load-text-only",
        file: "ldo.c",
        find: "    checkmode(L, p->mode, \"binary\");\n",
        replace: "    checkmode(L, (p->mode == luaP_bytecode) ? \"b\" : \"t\", \"binary\");  /* whatever the mode says */\n",
        proof: "sandbox::binary_chunks_are_refused_whatever_the_mode",
        why: "Lua does not verify bytecode: a forged chunk reads and writes any memory. The one mode that allows it is \
              an address that no script can have.",
    },
    Edit {
        name: "load-bytecode-mode",
        file: "ldo.c",
        find: "static void checkmode (lua_State *L, const char *mode, const char *x) {\n",
        replace: "static const char luaP_bytecode[] = \"b\";  /* the mode of moonpool_load */\n\n\
                  static void checkmode (lua_State *L, const char *mode, const char *x) {\n",
        proof: "build",
        why: "See load-text-only; c/library.c has the function that passes it.",
    },
    Edit {
        name: "no-gc-metamethod",
        file: "lbaselib.c",
        find: "  lua_settop(L, 2);\n  lua_setmetatable(L, 1);\n",
        replace: "  lua_settop(L, 2);\n  if (t == LUA_TTABLE && !isempty(luaH_getshortstr(hvalue(index2value(L, 2)), G(L)->tmname[TM_GC])))\n    \
                  return luaL_error(L, \"'__gc' is not available in metatables\");\n  lua_setmetatable(L, 1);\n",
        proof: "sandbox::a_gc_metamethod_is_refused_and_has_no_effect_later",
        why: "Finalizers run at times that no script should choose, and inside the collector. A '__gc' set later \
              has no effect, as in any Lua.",
    },
    Edit {
        name: "no-finalizers-of-tables",
        file: "lapi.c",
        find: "        luaC_objbarrier(L, gcvalue(obj), mt);\n        luaC_checkfinalizer(L, gcvalue(obj), mt);\n      }\n      break;\n    }\n    case LUA_TUSERDATA: {\n",
        replace: "        luaC_objbarrier(L, gcvalue(obj), mt);\n      }\n      break;\n    }\n    case LUA_TUSERDATA: {\n",
        proof: "sandbox::no_table_has_a_finalizer_however_its_metatable_was_set",
        why: "Not every metatable is set through 'setmetatable': a script may add '__gc' to one that the host sets. \
              Only userdata, which scripts cannot make, have finalizers.",
    },
    Edit {
        name: "compare-bytes",
        file: "lvm.c",
        find: "  size_t rl2 = tsslen(ts2);\n  for (;;) {  /* for each segment */\n    int temp = strcoll(s1, s2);\n",
        replace: "  size_t rl2 = tsslen(ts2);\n  { int order = memcmp(s1, s2, rl1 < rl2 ? rl1 : rl2);\n    \
                  return (order != 0) ? order : (rl1 > rl2) - (rl1 < rl2); }\n  \
                  for (;;) {  /* for each segment */\n    int temp = strcoll(s1, s2);\n",
        proof: "polls::strings_compared_nul_by_nul",
        why: "'strcoll' depends on the host's locale, and is called once per NUL: seconds for a comparison of \
              megabytes of NULs. Bytes are what the C locale compares.",
    },
    Edit {
        name: "function-names-in-small-tables",
        file: "lauxlib.c",
        find: "  lua_pushnil(L);  /* start 'next' loop */\n  while (lua_next(L, -2)) {  /* for each pair in table */\n    if (lua_type(L, -2) == LUA_TSTRING) {",
        replace: "  lua_pushnil(L);  /* start 'next' loop */\n  while (lua_next(L, -2)) {  /* for each pair in table */\n    \
                  if (++seen > 1000) {  /* a script filled this table */\n      lua_pop(L, 2);\n      return 0;\n    }\n    \
                  if (lua_type(L, -2) == LUA_TSTRING) {",
        proof: "sandbox::a_traceback_takes_no_time_among_a_million_globals",
        why: "Tracebacks look for a function's name in all globals, once per level: a million globals made it slow \
              after the run was over.",
    },
    Edit {
        name: "function-names-counted",
        file: "lauxlib.c",
        find: "static int findfield (lua_State *L, int objidx, int level) {\n",
        replace: "static int findfield (lua_State *L, int objidx, int level) {\n  int seen = 0;\n",
        proof: "build",
        why: "See function-names-in-small-tables.",
    },
];
