//! Hashes of integers and floats that no script can predict.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "hash-integers",
        file: "ltable.c",
        find: "  lua_Unsigned ui = l_castS2U(i);\n  if (ui <= cast_uint(INT_MAX))\n    return hashmod(t, cast_int(ui));\n  else\n    return hashmod(t, ui);\n",
        replace: "  return hashpow2(t, luaP_hash(t, l_castS2U(i)));\n",
        proof: "sandbox::integers_that_collide_in_unedited_lua_do_not_collide_here",
        why: "Keys chosen to share a bucket made one rehash take 7 s in 3 MB. The mix is keyed, not linear, and \
              no slower than the division that it replaces.",
    },
    Edit {
        name: "hash-floats",
        file: "ltable.c",
        find: "      return hashmod(t, l_hashfloat(n));\n",
        replace: "      lua_Unsigned bits = 0;\n      (void)l_hashfloat;\n      memcpy(&bits, &n, sizeof(n) < sizeof(bits) ? sizeof(n) : sizeof(bits));\n      return hashpow2(t, luaP_hash(t, bits));\n",
        proof: "sandbox::floats_that_collide_in_unedited_lua_do_not_collide_here",
        why: "1 + k·2^-52 all collide in Lua's hash. Floats that equal an integer were converted before; of the \
              rest, equal ones have equal bits.",
    },
    Edit {
        name: "hash-mix",
        file: "ltable.c",
        find: "static Node *hashint (const Table *t, lua_Integer i) {\n",
        replace: "static unsigned int luaP_hash (const Table *t, lua_Unsigned x) {\n  \
                  const lua_Unsigned *key = l_unlikely(t->flags & REPEATS) ? luaP_knownkey : luaP_hashkey;\n  \
                  x = (x ^ key[0]) * (key[1] | 1);\n  x ^= x >> 32;\n  \
                  x *= key[2] | 1;\n  return (unsigned int)(x >> 32);\n}\n\n\
                  static Node *hashint (const Table *t, lua_Integer i) {\n",
        proof: "build",
        why: "Multiply, shift, multiply with three secret numbers (drawn once per process), or with the known ones of \
              VMs that repeat.",
    },
    Edit {
        name: "hash-key",
        file: "lstate.c",
        find: "  LG *l = cast(LG *, (*f)(ud, NULL, LUA_TTHREAD, sizeof(LG)));\n",
        replace: "  LG *l = cast(LG *, (*f)(ud, NULL, LUA_TTHREAD, sizeof(LG)));\n  luaP_hashkey = moonpool_lua_hashkey();\n",
        proof: "sandbox::keys_of_all_kinds_are_found_again",
        why: "The key is there before the first table.",
    },
    Edit {
        name: "hash-objects",
        file: "ltable.c",
        find: "      return hashpointer(t, o);\n",
        replace: "      return hashpointer(t, (L_P2I)o - (L_P2I)t);\n",
        proof: "repeat::objects_as_keys_have_an_order_that_does_not_depend_on_where_the_memory_begins",
        why: "A VM that is a copy of another, in which all objects have moved as one, finds what it has under keys that are \
              tables, functions or coroutines.",
    },
    Edit {
        name: "rehash-abandons",
        file: "ltable.c",
        find: "    Node *old = gnode(ot, j);\n    if (!isempty(gval(old))) {\n      /* doesn't need barrier/invalidate cache, as entry was\n",
        replace: "    Node *old = gnode(ot, j);\n    if (killed(L)) return;  /* the script will never look */\n    \
                  if (!isempty(gval(old))) {\n      /* doesn't need barrier/invalidate cache, as entry was\n",
        proof: "polls::rehash_of_millions_of_keys",
        why: "Should keys collide all the same, a kill need not wait for the rehash. It cannot throw here: \
              the old nodes would leak.",
    },
    Edit {
        name: "rehash-array-abandons",
        file: "ltable.c",
        find: "    for (i = newasize; i < oldasize; i++) {\n      if (!isempty(&t->array[i]))\n",
        replace: "    for (i = newasize; i < oldasize; i++) {\n      if (killed(L)) break;\n      if (!isempty(&t->array[i]))\n",
        proof: "polls::rehash_that_shrinks_the_array",
        why: "As rehash-abandons, for an array part that moves into the hash part.",
    },
];
