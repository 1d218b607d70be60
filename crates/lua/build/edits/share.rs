//! What copies of a VM have in common of a function: no VM frees it (c/image.c).

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "share-mark",
        file: "lobject.h",
        find: "  lu_byte maxstacksize;  /* number of registers needed by this function */\n",
        replace: "  lu_byte maxstacksize;  /* number of registers needed by this function */\n  \
                  lu_byte shared;  /* moonpool: has its code and names in common with copies (see c/image.c) */\n",
        proof: "build",
        why: "Says of a function that others have its bytecode, too. The byte was nobody's.",
    },
    Edit {
        name: "share-not-yet",
        file: "lfunc.c",
        find: "  f->maxstacksize = 0;\n",
        replace: "  f->maxstacksize = 0;\n  f->shared = 0;\n",
        proof: "image::a_function_that_shares_is_freed_without_what_it_shares",
        why: "A new function has all that is its own.",
    },
    Edit {
        name: "share-unfreed",
        file: "lfunc.c",
        find: "  luaM_freearray(L, f->code, f->sizecode);\n  luaM_freearray(L, f->p, f->sizep);\n  \
               luaM_freearray(L, f->k, f->sizek);\n  luaM_freearray(L, f->lineinfo, f->sizelineinfo);\n",
        replace: "  luaM_freearray(L, f->p, f->sizep);\n  luaM_freearray(L, f->k, f->sizek);\n  \
                  if (f->shared) {\n    luaM_free(L, f);\n    return;\n  }\n  \
                  luaM_freearray(L, f->code, f->sizecode);\n  luaM_freearray(L, f->lineinfo, f->sizelineinfo);\n",
        proof: "image::a_function_that_shares_is_freed_without_what_it_shares",
        why: "A VM frees what is its own.",
    },
];
