//! Seeds that hold no address: for string hashes and for `math.random`.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "hash-seed",
        file: "lstate.c",
        find: "#if !defined(luai_makeseed)\n",
        replace: "#define luai_makeseed(L)	luaP_seed(L)\n#if !defined(luai_makeseed)\n",
        proof: "sandbox::states_at_the_same_address_order_strings_differently",
        why: "Lua mixes addresses and the time; both are guessable, and string hashes must not be.",
    },
    Edit {
        name: "random-seed",
        file: "lmathlib.c",
        find: "  lua_Unsigned seed1 = (lua_Unsigned)time(NULL);\n  lua_Unsigned seed2 = (lua_Unsigned)(size_t)L;\n",
        replace: "  lua_Unsigned seed1 = luaP_seed64(L);\n  \
                  lua_Unsigned seed2 = luaP_seed64(L);\n",
        proof: "sandbox::the_seed_of_math_random_holds_no_address",
        why: "'math.randomseed()' returns both halves of its seed; one of them was the address of the VM.",
    },
];
