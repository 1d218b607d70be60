//! Suspension passes through `coroutine.resume` and `coroutine.wrap`.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "resume-sees-suspension",
        file: "lcorolib.c",
        find: "  status = lua_resume(co, L, narg, &nres);\n",
        replace: "  status = luaP_resume(L, co, narg, &nres);\n  if (status == LUA_SUSPENDED) return LUA_SUSPENDED;\n",
        proof: "safepoints::nested_coroutines_are_suspended_together_and_nobody_notices",
        why: "When a coroutine is suspended at a safepoint, its resumer must not take that for a 'coroutine.yield'.",
    },
    Edit {
        name: "resume-suspends-too",
        file: "lcorolib.c",
        find: "static int luaB_coresume (lua_State *L) {\n  lua_State *co = getco(L);\n  int r;\n  r = auxresume(L, co, lua_gettop(L) - 1);\n",
        replace: "static int resumego (lua_State *L, lua_State *co);\n\n\
                  static int resumeagain (lua_State *L, int status, lua_KContext ctx) {\n  \
                  (void)status; (void)ctx;\n  return resumego(L, lua_tothread(L, 1));  /* the arguments have moved: resumes with none */\n}\n\n\
                  static int luaB_coresume (lua_State *L) {\n  lua_State *co = getco(L);\n  \
                  if (l_unlikely(luaP_issuspended(co))) {\n    lua_pushboolean(L, 0);\n    lua_pushliteral(L, \"cannot resume non-suspended coroutine\");\n    return 2;\n  }\n  \
                  return resumego(L, co);\n}\n\n\
                  static int resumego (lua_State *L, lua_State *co) {\n  int r;\n  \
                  r = auxresume(L, co, lua_gettop(L) - 1);\n  if (r == LUA_SUSPENDED)\n    return lua_yieldk(L, 0, 0, resumeagain);\n",
        proof: "safepoints::nested_coroutines_are_suspended_together_and_nobody_notices",
        why: "The resumer is suspended as well, with a continuation that resumes the coroutine where it was. Nobody else does: \
              a script that runs beside it, in another function of 'parallel', finds a coroutine that is not suspended.",
    },
    Edit {
        name: "wrap-suspends-too",
        file: "lcorolib.c",
        find: "static int luaB_auxwrap (lua_State *L) {\n  lua_State *co = lua_tothread(L, lua_upvalueindex(1));\n  int r = auxresume(L, co, lua_gettop(L));\n",
        replace: "static int wrapgo (lua_State *L, lua_State *co);\n\n\
                  static int wrapagain (lua_State *L, int status, lua_KContext ctx) {\n  \
                  (void)status; (void)ctx;\n  return wrapgo(L, lua_tothread(L, lua_upvalueindex(1)));\n}\n\n\
                  static int luaB_auxwrap (lua_State *L) {\n  lua_State *co = lua_tothread(L, lua_upvalueindex(1));\n  \
                  if (l_unlikely(luaP_issuspended(co)))\n    return luaL_error(L, \"cannot resume non-suspended coroutine\");\n  \
                  return wrapgo(L, co);\n}\n\n\
                  static int wrapgo (lua_State *L, lua_State *co) {\n  \
                  int r = auxresume(L, co, lua_gettop(L));\n  if (r == LUA_SUSPENDED)\n    return lua_yieldk(L, 0, 0, wrapagain);\n",
        proof: "safepoints::nested_coroutines_are_suspended_together_and_nobody_notices",
        why: "The same for the functions that 'coroutine.wrap' makes.",
    },
];
