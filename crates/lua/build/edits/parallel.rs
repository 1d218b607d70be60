//! Coroutines that run beside each other: the branches of `parallel`, one for each of its functions.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "branch-in-thread",
        file: "lstate.h",
        find: "  lu_byte allowhook;\n  unsigned short nci;",
        replace: "  lu_byte allowhook;\n  lu_byte isbranch;  /* moonpool: runs a function of 'parallel' */\n  unsigned short nci;",
        proof: "build",
        why: "A branch has no resumer of the script's that could take what it yields.",
    },
    Edit {
        name: "branch-starts-unmarked",
        file: "lstate.c",
        find: "  L->allowhook = 1;\n",
        replace: "  L->allowhook = 1;\n  L->isbranch = 0;\n",
        proof: "parallel::only_branches_cannot_yield",
        why: "A new coroutine is no branch until it is made one.",
    },
    Edit {
        name: "branch-cannot-yield",
        file: "lcorolib.c",
        find: "  return lua_yield(L, lua_gettop(L));\n",
        replace: "  if (l_unlikely(L->isbranch))\n    luaG_runerror(L, \"attempt to yield from a function of 'parallel'\");\n  \
                  return lua_yield(L, lua_gettop(L));\n",
        proof: "parallel::only_branches_cannot_yield",
        why: "Nobody would take what it yields. The error is the branch's own, which may catch it.",
    },
    Edit {
        name: "branch-is-not-yieldable",
        file: "lcorolib.c",
        find: "  lua_State *co = lua_isnone(L, 1) ? L : getco(L);\n",
        replace: "  lua_State *co = lua_isnone(L, 1) ? L : getco(L);\n  if (co->isbranch) {\n    lua_pushboolean(L, 0);\n    return 1;\n  }\n",
        proof: "parallel::only_branches_cannot_yield",
        why: "'coroutine.isyieldable' says what 'coroutine.yield' will do.",
    },
    Edit {
        name: "suspended-is-normal",
        file: "lcorolib.c",
        find: "      case LUA_YIELD:\n        return COS_YIELD;\n",
        replace: "      case LUA_YIELD:\n        return luaP_issuspended(co) ? COS_NORM : COS_YIELD;\n",
        proof: "parallel::a_branch_that_waits_is_left_alone_by_the_others",
        why: "A branch finds coroutines that others have resumed and that the host suspended: for scripts they are at work, \
              and 'coroutine.close' must not touch them.",
    },
];
