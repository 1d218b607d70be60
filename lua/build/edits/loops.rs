//! Polls in C loops whose length a script chooses. A poll only kills: these places cannot yield.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    // ---- string ----
    Edit {
        name: "poll-rep",
        file: "lstrlib.c",
        find: "    while (n-- > 1) {  /* first n-1 copies (followed by separator) */\n",
        replace: "    if (totallen == 0) n = 1;  /* nothing to copy, however often */\n    \
                  while (n-- > 1) {  /* first n-1 copies (followed by separator) */\n      pollevery(L, n);\n",
        why: "('').rep('', math.maxinteger) copies nothing 2^63 times; a one-byte string is copied a byte a time.",
    },
    Edit {
        name: "poll-lower",
        file: "lstrlib.c",
        find: "  for (i=0; i<l; i++)\n    p[i] = tolower(uchar(s[i]));\n",
        replace: "  for (i=0; i<l; i++) {\n    pollevery(L, i);\n    p[i] = tolower(uchar(s[i]));\n  }\n",
        why: "Linear, but a memory limit of gigabytes allows strings that take seconds.",
    },
    Edit {
        name: "poll-upper",
        file: "lstrlib.c",
        find: "  for (i=0; i<l; i++)\n    p[i] = toupper(uchar(s[i]));\n",
        replace: "  for (i=0; i<l; i++) {\n    pollevery(L, i);\n    p[i] = toupper(uchar(s[i]));\n  }\n",
        why: "As poll-lower.",
    },
    Edit {
        name: "poll-reverse",
        file: "lstrlib.c",
        find: "  for (i = 0; i < l; i++)\n    p[i] = s[l - i - 1];\n",
        replace: "  for (i = 0; i < l; i++) {\n    pollevery(L, i);\n    p[i] = s[l - i - 1];\n  }\n",
        why: "As poll-lower.",
    },
    Edit {
        name: "match-flag",
        file: "lstrlib.c",
        find: "  lua_State *L;\n  int matchdepth;  /* control for recursive depth (to avoid C stack overflow) */\n",
        replace: "  lua_State *L;\n  volatile int *flag;  /* moonpool: the VM's, near at hand */\n  \
                  int matchdepth;  /* control for recursive depth (to avoid C stack overflow) */\n",
        why: "The matcher polls at every step: one load instead of three.",
    },
    Edit {
        name: "match-flag-set",
        file: "lstrlib.c",
        find: "  ms->L = L;\n  ms->src_init = s;\n",
        replace: "  ms->L = L;\n  ms->flag = G(L)->flag;\n  ms->src_init = s;\n",
        why: "See match-flag.",
    },
    Edit {
        name: "poll-match",
        file: "lstrlib.c",
        find: "  init: /* using goto to optimize tail recursion */\n",
        replace: "  init: /* using goto to optimize tail recursion */\n  if (l_unlikely(*ms->flag > FLAG_YIELD)) luaP_kill(ms->L);\n",
        why: "Backtracking: 'a?' repeated k times tries 2^k ways, '.-' n^k; find, match, gmatch and gsub all pass here \
              at every position.",
    },
    Edit {
        name: "poll-match-max-expand",
        file: "lstrlib.c",
        find: "  while (singlematch(ms, s + i, p, ep))\n    i++;\n",
        replace: "  while (singlematch(ms, s + i, p, ep)) {\n    \
                  if (l_unlikely(*ms->flag > FLAG_YIELD)) luaP_kill(ms->L);\n    i++;\n  }\n",
        why: "One repetition over a long subject, each step of which may walk a set of megabytes.",
    },
    Edit {
        name: "poll-match-balance",
        file: "lstrlib.c",
        find: "    while (++s < ms->src_end) {\n      if (*s == e) {",
        replace: "    while (++s < ms->src_end) {\n      if (l_unlikely(*ms->flag > FLAG_YIELD)) luaP_kill(ms->L);\n      if (*s == e) {",
        why: "'%b' scans to the end of the subject.",
    },
    Edit {
        name: "poll-plain-find-signature",
        file: "lstrlib.c",
        find: "static const char *lmemfind (const char *s1, size_t l1,\n",
        replace: "static const char *lmemfind (lua_State *L, const char *s1, size_t l1,\n",
        why: "The plain search needs the state to poll.",
    },
    Edit {
        name: "poll-plain-find",
        file: "lstrlib.c",
        find: "      init++;   /* 1st char is already checked */\n",
        replace: "      pollkill(L);\n      init++;   /* 1st char is already checked */\n",
        why: "A plain search takes n·m steps.",
    },
    Edit {
        name: "poll-plain-find-call",
        file: "lstrlib.c",
        find: "    const char *s2 = lmemfind(s + init, ls - init, p, lp);\n",
        replace: "    const char *s2 = lmemfind(L, s + init, ls - init, p, lp);\n",
        why: "See poll-plain-find-signature.",
    },
    Edit {
        name: "poll-gsub-replacement",
        file: "lstrlib.c",
        find: "    luaL_addlstring(b, news, p - news);\n    p++;  /* skip ESC */\n",
        replace: "    pollkill(L);\n    luaL_addlstring(b, news, p - news);\n    p++;  /* skip ESC */\n",
        why: "A replacement of a million '%0' for each empty match adds nothing, for hours.",
    },
    Edit {
        name: "poll-format-quoted",
        file: "lstrlib.c",
        find: "  while (len--) {\n    if (*s == '\"' || *s == '\\\\' || *s == '\\n') {\n",
        replace: "  while (len--) {\n    pollevery(b->L, len);\n    if (*s == '\"' || *s == '\\\\' || *s == '\\n') {\n",
        why: "'%q' of a long string: control characters take a printf each.",
    },
    Edit {
        name: "poll-format",
        file: "lstrlib.c",
        find: "  while (strfrmt < strfrmt_end) {\n",
        replace: "  while (strfrmt < strfrmt_end) {\n    pollevery(L, strfrmt_end - strfrmt);\n",
        why: "A format of megabytes is copied character by character.",
    },
    Edit {
        name: "poll-pack",
        file: "lstrlib.c",
        find: "    KOption opt = getdetails(&h, totalsize, &fmt, &size, &ntoalign);\n    totalsize += ntoalign + size;\n",
        replace: "    KOption opt = getdetails(&h, totalsize, &fmt, &size, &ntoalign);\n    pollkill(L);\n    totalsize += ntoalign + size;\n",
        why: "A format may have millions of options.",
    },
    Edit {
        name: "poll-pack-padding",
        file: "lstrlib.c",
        find: "        while (len++ < (size_t)size)  /* pad extra space */\n          luaL_addchar(&b, LUAL_PACKPADBYTE);\n",
        replace: "        while (len++ < (size_t)size) {  /* pad extra space */\n          pollevery(L, len);\n          \
                  luaL_addchar(&b, LUAL_PACKPADBYTE);\n        }\n",
        why: "'c2147483647' pads byte by byte.",
    },
    Edit {
        name: "poll-packsize",
        file: "lstrlib.c",
        find: "    luaL_argcheck(L, opt != Kstring && opt != Kzstr, 1,\n",
        replace: "    pollkill(L);\n    luaL_argcheck(L, opt != Kstring && opt != Kzstr, 1,\n",
        why: "As poll-pack.",
    },
    Edit {
        name: "poll-unpack",
        file: "lstrlib.c",
        find: "    luaL_argcheck(L, (size_t)ntoalign + size <= ld - pos, 2,\n",
        replace: "    pollkill(L);\n    luaL_argcheck(L, (size_t)ntoalign + size <= ld - pos, 2,\n",
        why: "As poll-pack.",
    },
    // ---- table ----
    Edit {
        name: "poll-insert",
        file: "ltablib.c",
        find: "        lua_geti(L, 1, i - 1);\n        lua_seti(L, 1, i);  /* t[i] = t[i - 1] */\n",
        replace: "        pollkill(L);\n        lua_geti(L, 1, i - 1);\n        lua_seti(L, 1, i);  /* t[i] = t[i - 1] */\n",
        why: "'__len' may say 2^62, and a table whose border is 2^62 is built in 63 assignments.",
    },
    Edit {
        name: "poll-remove",
        file: "ltablib.c",
        find: "    lua_geti(L, 1, pos + 1);\n    lua_seti(L, 1, pos);  /* t[pos] = t[pos + 1] */\n",
        replace: "    pollkill(L);\n    lua_geti(L, 1, pos + 1);\n    lua_seti(L, 1, pos);  /* t[pos] = t[pos + 1] */\n",
        why: "As poll-insert.",
    },
    Edit {
        name: "poll-move-up",
        file: "ltablib.c",
        find: "      for (i = 0; i < n; i++) {\n        lua_geti(L, 1, f + i);\n",
        replace: "      for (i = 0; i < n; i++) {\n        pollkill(L);\n        lua_geti(L, 1, f + i);\n",
        why: "The range is any pair of integers.",
    },
    Edit {
        name: "poll-move-down",
        file: "ltablib.c",
        find: "      for (i = n - 1; i >= 0; i--) {\n        lua_geti(L, 1, f + i);\n",
        replace: "      for (i = n - 1; i >= 0; i--) {\n        pollkill(L);\n        lua_geti(L, 1, f + i);\n",
        why: "The range is any pair of integers.",
    },
    Edit {
        name: "poll-concat",
        file: "ltablib.c",
        find: "static void addfield (lua_State *L, luaL_Buffer *b, lua_Integer i) {\n",
        replace: "static void addfield (lua_State *L, luaL_Buffer *b, lua_Integer i) {\n  pollkill(L);\n",
        why: "The range is any pair of integers, and '__index' may give empty strings for ever.",
    },
    Edit {
        name: "poll-table-unpack",
        file: "ltablib.c",
        find: "  for (; i < e; i++) {  /* push arg[i..e - 1] (to avoid overflows) */\n",
        replace: "  for (; i < e; i++) {  /* push arg[i..e - 1] (to avoid overflows) */\n    pollkill(L);\n",
        why: "A million values, each through a chain of '__index'.",
    },
    Edit {
        name: "poll-sort",
        file: "ltablib.c",
        find: "static int sort_comp (lua_State *L, int a, int b) {\n",
        replace: "static int sort_comp (lua_State *L, int a, int b) {\n  pollkill(L);\n",
        why: "Without a comparator no function is called; '__len' may say 2^31 - 2.",
    },
    // ---- utf8, os, base ----
    Edit {
        name: "poll-utf8-len",
        file: "lutf8lib.c",
        find: "  while (posi <= posj) {\n",
        replace: "  while (posi <= posj) {\n    pollevery(L, n);\n",
        why: "Linear in a string of any length.",
    },
    Edit {
        name: "poll-utf8-offset-back",
        file: "lutf8lib.c",
        find: "       while (n < 0 && posi > 0) {  /* move back */\n",
        replace: "       while (n < 0 && posi > 0) {  /* move back */\n         pollevery(L, n);\n",
        why: "Linear in a string of any length.",
    },
    Edit {
        name: "poll-utf8-offset",
        file: "lutf8lib.c",
        find: "       while (n > 0 && posi < (lua_Integer)len) {\n",
        replace: "       while (n > 0 && posi < (lua_Integer)len) {\n         pollevery(L, n);\n",
        why: "Linear in a string of any length.",
    },
    Edit {
        name: "poll-date",
        file: "loslib.c",
        find: "    while (s < se) {\n      if (*s != '%')  /* not a conversion specifier? */\n",
        replace: "    while (s < se) {\n      pollkill(L);\n      if (*s != '%')  /* not a conversion specifier? */\n",
        why: "A format of megabytes calls strftime millions of times.",
    },
    Edit {
        name: "poll-call-metamethod",
        file: "ldo.c",
        find: "  checkstackGCp(L, 1, func);  /* space for metamethod */\n",
        replace: "  pollkill(L);\n  checkstackGCp(L, 1, func);  /* space for metamethod */\n",
        why: "A chain of '__call' is one instruction, and quadratic: each link moves all arguments. \
              Lua 5.5 limits the chain.",
    },
    // ---- the compiler ----
    Edit {
        name: "poll-token",
        file: "llex.c",
        find: "void luaX_next (LexState *ls) {\n",
        replace: "void luaX_next (LexState *ls) {\n  pollkill(ls->L);\n",
        why: "Every statement and operator asks for a token; what the parser does between two tokens is linear in the \
              source at most (but for the loops below).",
    },
    Edit {
        name: "poll-blank",
        file: "llex.c",
        find: "  luaZ_resetbuffer(ls->buff);\n  for (;;) {\n    switch (ls->current) {\n      case '\\n': case '\\r': {  /* line breaks */\n",
        replace: "  luaZ_resetbuffer(ls->buff);\n  for (;;) {\n    pollkill(ls->L);\n    switch (ls->current) {\n      case '\\n': case '\\r': {  /* line breaks */\n",
        why: "Megabytes of blanks and comments are no token.",
    },
    Edit {
        name: "poll-long-token",
        file: "llex.c",
        find: "  Mbuffer *b = ls->buff;\n  if (luaZ_bufflen(b) + 1 > luaZ_sizebuffer(b)) {\n",
        replace: "  Mbuffer *b = ls->buff;\n  pollevery(ls->L, luaZ_bufflen(b));\n  if (luaZ_bufflen(b) + 1 > luaZ_sizebuffer(b)) {\n",
        why: "One string, name or numeral of megabytes, also from a reader that is a C function.",
    },
    Edit {
        name: "poll-jump-list",
        file: "lcode.c",
        find: "    while ((next = getjump(fs, list)) != NO_JUMP)  /* find last element */\n      list = next;\n",
        replace: "    while ((next = getjump(fs, list)) != NO_JUMP) {  /* find last element */\n      pollkill(fs->ls->L);\n      list = next;\n    }\n",
        why: "'x and x and …' and 'elseif' append to a list by walking it: quadratic, seconds from 240 KB.",
    },
    Edit {
        name: "poll-goto",
        file: "lparser.c",
        find: "  lua_assert(eqstr(gt->name, label->name));\n",
        replace: "  lua_assert(eqstr(gt->name, label->name));\n  pollkill(ls->L);\n",
        why: "A label resolves all pending gotos at once, and shifts the rest of the list for each.",
    },
];
