//! What copies of a VM have in common, strings and what functions are made of: no VM frees it (c/image.c).

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "share-mark",
        file: "lobject.h",
        find: "  lu_byte maxstacksize;  /* number of registers needed by this function */\n",
        replace: "  lu_byte maxstacksize;  /* number of registers needed by this function */\n  \
                  lu_byte shared;  /* moonpool: what it has in common with copies (see c/image.c) */\n\
                  #define SHARED_CODE\t\t1\n#define SHARED_CONSTANTS\t2\n",
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
        replace: "  luaM_freearray(L, f->p, f->sizep);\n  \
                  if (!(f->shared & SHARED_CONSTANTS)) luaM_freearray(L, f->k, f->sizek);\n  \
                  if (f->shared) {\n    luaM_free(L, f);\n    return;\n  }\n  \
                  luaM_freearray(L, f->code, f->sizecode);\n  luaM_freearray(L, f->lineinfo, f->sizelineinfo);\n",
        proof: "image::a_function_that_shares_is_freed_without_what_it_shares",
        why: "A VM frees what is its own.",
    },
    Edit {
        name: "common-table",
        file: "lstate.h",
        find: "  stringtable strt;  /* hash table for strings */\n",
        replace: "  stringtable strt;  /* hash table for strings */\n  \
                  TString **common;  /* moonpool: as 'strt', for strings in common with copies (see c/image.c); or NULL */\n  \
                  size_t commonsize;  /* moonpool: of all that is there */\n  \
                  unsigned int commonmask;  /* moonpool: one less than the table's length */\n",
        proof: "build",
        why: "Where a VM finds the strings that its copies have, too.",
    },
    Edit {
        name: "common-not-yet",
        file: "lstate.c",
        find: "  g->strt.size = g->strt.nuse = 0;\n",
        replace: "  g->strt.size = g->strt.nuse = 0;\n  g->common = NULL;\n  g->commonsize = 0;\n",
        proof: "image::a_vm_that_shares_finds_its_strings",
        why: "A new VM has all strings for itself.",
    },
    Edit {
        name: "common-strings",
        file: "lstring.c",
        find: "  /* else must create a new string */\n",
        replace: "  if (g->common != NULL) {\n    \
                  for (ts = g->common[h & g->commonmask]; ts != NULL; ts = ts->u.hnext)\n      \
                  if (h == ts->hash && l == ts->shrlen && memcmp(str, getshrstr(ts), l) == 0) return ts;\n  }\n  \
                  /* else must create a new string */\n",
        proof: "image::a_vm_that_shares_finds_its_strings",
        why: "There is one string of each text, also where copies have it in common. It is never dead.",
    },
];
