//! VMs that repeat: with the same seed and the same time, a script does the same in every process.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "repeat-tables",
        file: "ltable.c",
        find: "  t->flags = cast_byte(maskflags);  /* table has no metamethod fields */\n",
        replace: "  t->flags = cast_byte(maskflags | G(L)->repeats);  /* table has no metamethod fields */\n",
        proof: "repeat::integers_and_floats_as_keys_have_an_order_that_repeats",
        why: "Where a key is looked for, only the table is known, and not the VM.",
    },
    Edit {
        name: "repeat-known-key",
        file: "ltable.c",
        find: "static const TValue absentkey = {ABSTKEYCONSTANT};\n",
        replace: "static const TValue absentkey = {ABSTKEYCONSTANT};\n\n\
                  static const lua_Unsigned luaP_knownkey[3] =\n  \
                  {0x9E3779B97F4A7C15ull, 0xBF58476D1CE4E5B9ull, 0x94D049BB133111EBull};\n\n\
                  /* The place of code and of constants: of what moves as a whole, from process to process. */\n\
                  #define luaP_place(p)	((L_P2I)(p) - (L_P2I)&absentkey)\n",
        proof: "build",
        why: "The numbers that hash integers and floats in VMs that repeat: the same in every process.",
    },
    Edit {
        name: "repeat-functions",
        file: "ltable.c",
        find: "      return hashpointer(t, f);\n",
        replace: "      return hashpointer(t, luaP_place(f));\n",
        proof: "repeat::functions_in_c_as_keys_have_an_order_that_repeats",
        why: "The system moves a library as a whole: its functions keep their distances.",
    },
    Edit {
        name: "repeat-addresses",
        file: "ltable.c",
        find: "      return hashpointer(t, p);\n",
        replace: "      return hashpointer(t, (p != NULL) ? luaP_place(p) : 0);\n",
        proof: "repeat::constants_as_keys_have_an_order_that_repeats",
        why: "As repeat-functions. The host's names in the registry are addresses of constants.",
    },
    Edit {
        name: "repeat-sort",
        file: "ltablib.c",
        find: "      rnd = l_randomizePivot();  /* try a new randomization */\n",
        replace: "      rnd = G(L)->repeats ? luaP_seed(L) : l_randomizePivot();  /* try a new randomization */\n",
        proof: "repeat::sorting_asks_no_clock",
        why: "Where a sort goes badly, Lua makes its choices of the time: a comparator sees them.",
    },
    Edit {
        name: "clock-of-time",
        file: "loslib.c",
        find: "    t = time(NULL);  /* get current time */\n",
        replace: "  {\n    if (G(L)->clock != NULL) {\n      lua_pushinteger(L, (lua_Integer)luaP_time(L));\n      return 1;\n    }\n    \
                  t = time(NULL);  /* get current time */\n  }\n",
        proof: "repeat::a_run_with_a_time_of_its_own_sees_no_other",
        why: "A run may have a time of its own. One second before 1970 is a time, too.",
    },
    Edit {
        name: "clock-of-date",
        file: "loslib.c",
        find: "luaL_opt(L, l_checktime, 2, time(NULL))",
        replace: "luaL_opt(L, l_checktime, 2, luaP_time(L))",
        proof: "repeat::a_run_with_a_time_of_its_own_sees_no_other",
        why: "As clock-of-time.",
    },
    Edit {
        name: "clock-of-clock",
        file: "loslib.c",
        find: "  lua_pushnumber(L, ((lua_Number)clock())/(lua_Number)CLOCKS_PER_SEC);\n",
        replace: "  lua_pushnumber(L, (G(L)->clock != NULL) ? (lua_Number)G(L)->clock[1]\n    : \
                  ((lua_Number)clock())/(lua_Number)CLOCKS_PER_SEC);\n",
        proof: "repeat::a_run_with_a_time_of_its_own_sees_no_other",
        why: "As clock-of-time: what the run has slept.",
    },
    Edit {
        name: "clock-read",
        file: "loslib.c",
        find: "static int os_clock (lua_State *L) {\n",
        replace: "static time_t luaP_time (lua_State *L) {\n  const double *clock = G(L)->clock;\n  \
                  return (clock != NULL) ? (time_t)floor(clock[0] / 1000) : time(NULL);\n}\n\n\n\
                  static int os_clock (lua_State *L) {\n",
        proof: "build",
        why: "What the others ask.",
    },
];
