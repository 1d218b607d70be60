//! Polls in C loops whose length a script chooses. A poll only kills: these places cannot yield.

use crate::edit::Edit;

pub(crate) const EDITS: &[Edit] = &[
    // ---- string ----
    Edit {
        name: "poll-rep",
        file: "lstrlib.c",
        find: "    char *p = luaL_buffinitsize(L, &b, totallen);\n    while (n-- > 1) {  /* first n-1 copies",
        replace: "    char *p = luaL_buffinitsize(L, &b, totallen);\n    if (n > 8 || totallen > LUAP_PIECE) {\n      \
                  luaP_rep(L, p, totallen, s, l, sep, lsep);\n      luaL_pushresultsize(&b, totallen);\n      return 1;\n    }\n    \
                  while (n-- > 1) {  /* first n-1 copies",
        proof: "polls::rep_of_a_short_string",
        why: "('').rep('', math.maxinteger) copies nothing 2^63 times; a one-byte string is copied a byte a time.",
    },
    Edit {
        name: "poll-lower",
        file: "lstrlib.c",
        find: "  for (i=0; i<l; i++)\n    p[i] = tolower(uchar(s[i]));\n",
        replace: "  for (i=0; i<l; ) {\n    size_t end = luaP_piece(L, i, l);\n    \
                  for (; i<end; i++)\n      p[i] = tolower(uchar(s[i]));\n  }\n",
        proof: "polls::lower",
        why: "Linear, but a memory limit of gigabytes allows strings that take seconds. A poll for each byte would keep \
              the compiler from looking the table of letters up once.",
    },
    Edit {
        name: "poll-upper",
        file: "lstrlib.c",
        find: "  for (i=0; i<l; i++)\n    p[i] = toupper(uchar(s[i]));\n",
        replace: "  for (i=0; i<l; ) {\n    size_t end = luaP_piece(L, i, l);\n    \
                  for (; i<end; i++)\n      p[i] = toupper(uchar(s[i]));\n  }\n",
        proof: "polls::upper",
        why: "As poll-lower.",
    },
    Edit {
        name: "poll-reverse",
        file: "lstrlib.c",
        find: "  for (i = 0; i < l; i++)\n    p[i] = s[l - i - 1];\n",
        replace: "  for (i = 0; i < l; ) {\n    size_t end = luaP_piece(L, i, l);\n    \
                  for (; i < end; i++)\n      p[i] = s[l - i - 1];\n  }\n",
        proof: "polls::reverse",
        why: "As poll-lower.",
    },
    Edit {
        name: "match-flag",
        file: "lstrlib.c",
        find: "  lua_State *L;\n  int matchdepth;  /* control for recursive depth (to avoid C stack overflow) */\n",
        replace: "  lua_State *L;\n  volatile int *flag;  /* moonpool: the VM's, near at hand */\n  \
                  int matchdepth;  /* control for recursive depth (to avoid C stack overflow) */\n",
        proof: "build",
        why: "The matcher polls at every step: one load instead of three.",
    },
    Edit {
        name: "match-flag-set",
        file: "lstrlib.c",
        find: "  ms->L = L;\n  ms->src_init = s;\n",
        replace: "  ms->L = L;\n  ms->flag = G(L)->flag;\n  ms->src_init = s;\n",
        proof: "polls::backtracking_options",
        why: "See match-flag.",
    },
    Edit {
        name: "poll-match",
        file: "lstrlib.c",
        find: "  init: /* using goto to optimize tail recursion */\n",
        replace: "  init: /* using goto to optimize tail recursion */\n  if (l_unlikely(*ms->flag != FLAG_RUN)) luaP_poll(ms->L);\n",
        proof: "polls::backtracking_options",
        why: "Backtracking: 'a?' repeated k times tries 2^k ways, '.-' n^k; find, match, gmatch and gsub all pass here \
              at every position.",
    },
    Edit {
        name: "poll-match-max-expand",
        file: "lstrlib.c",
        find: "  while (singlematch(ms, s + i, p, ep))\n    i++;\n",
        replace: "  while (singlematch(ms, s + i, p, ep)) {\n    \
                  if (l_unlikely(*ms->flag != FLAG_RUN)) luaP_poll(ms->L);\n    i++;\n  }\n",
        proof: "polls::greedy_scan_with_a_long_set",
        why: "One repetition over a long subject, each step of which may walk a set of megabytes.",
    },
    Edit {
        name: "poll-plain-find-signature",
        file: "lstrlib.c",
        find: "static const char *lmemfind (const char *s1, size_t l1,\n",
        replace: "static const char *lmemfind (lua_State *L, const char *s1, size_t l1,\n",
        proof: "build",
        why: "The plain search needs the state to poll.",
    },
    Edit {
        name: "poll-plain-find",
        file: "lstrlib.c",
        find: "      init++;   /* 1st char is already checked */\n",
        replace: "      pollflag(L);\n      init++;   /* 1st char is already checked */\n",
        proof: "polls::plain_find",
        why: "A plain search takes n·m steps.",
    },
    Edit {
        name: "poll-plain-find-call",
        file: "lstrlib.c",
        find: "    const char *s2 = lmemfind(s + init, ls - init, p, lp);\n",
        replace: "    const char *s2 = lmemfind(L, s + init, ls - init, p, lp);\n",
        proof: "build",
        why: "See poll-plain-find-signature.",
    },
    Edit {
        name: "poll-gsub-replacement",
        file: "lstrlib.c",
        find: "    luaL_addlstring(b, news, p - news);\n    p++;  /* skip ESC */\n",
        replace: "    pollflag(L);\n    luaL_addlstring(b, news, p - news);\n    p++;  /* skip ESC */\n",
        proof: "polls::gsub_replacement_that_adds_nothing",
        why: "A replacement of a million '%0' for each empty match adds nothing, for hours.",
    },
    Edit {
        name: "poll-format-quoted",
        file: "lstrlib.c",
        find: "  while (len--) {\n    if (*s == '\"' || *s == '\\\\' || *s == '\\n') {\n",
        replace: "  while (len--) {\n    pollevery(b->L, len);\n    if (*s == '\"' || *s == '\\\\' || *s == '\\n') {\n",
        proof: "polls::format_quoted",
        why: "'%q' of a long string: control characters take a printf each.",
    },
    Edit {
        name: "poll-format",
        file: "lstrlib.c",
        find: "  while (strfrmt < strfrmt_end) {\n",
        replace: "  while (strfrmt < strfrmt_end) {\n    pollflag(L);\n",
        proof: "polls::format_of_half_a_gigabyte",
        why: "A format of megabytes is copied character by character, and '%f' takes microseconds.",
    },
    Edit {
        name: "poll-pack",
        file: "lstrlib.c",
        find: "    KOption opt = getdetails(&h, totalsize, &fmt, &size, &ntoalign);\n    totalsize += ntoalign + size;\n",
        replace: "    KOption opt = getdetails(&h, totalsize, &fmt, &size, &ntoalign);\n    pollflag(L);\n    totalsize += ntoalign + size;\n",
        proof: "polls::pack_of_many_options",
        why: "A format may have millions of options.",
    },
    Edit {
        name: "poll-pack-padding",
        file: "lstrlib.c",
        find: "        while (len++ < (size_t)size)  /* pad extra space */\n          luaL_addchar(&b, LUAL_PACKPADBYTE);\n",
        replace: "        while (len++ < (size_t)size) {  /* pad extra space */\n          pollevery(L, len);\n          \
                  luaL_addchar(&b, LUAL_PACKPADBYTE);\n        }\n",
        proof: "polls::pack_padding",
        why: "'c2147483647' pads byte by byte.",
    },
    Edit {
        name: "poll-packsize",
        file: "lstrlib.c",
        find: "    luaL_argcheck(L, opt != Kstring && opt != Kzstr, 1,\n",
        replace: "    pollflag(L);\n    luaL_argcheck(L, opt != Kstring && opt != Kzstr, 1,\n",
        proof: "polls::packsize_of_many_options",
        why: "As poll-pack.",
    },
    Edit {
        name: "poll-unpack",
        file: "lstrlib.c",
        find: "    luaL_argcheck(L, (size_t)ntoalign + size <= ld - pos, 2,\n",
        replace: "    pollflag(L);\n    luaL_argcheck(L, (size_t)ntoalign + size <= ld - pos, 2,\n",
        proof: "polls::unpack_of_many_options",
        why: "As poll-pack.",
    },
    // ---- table ----
    Edit {
        name: "poll-insert",
        file: "ltablib.c",
        find: "        lua_geti(L, 1, i - 1);\n        lua_seti(L, 1, i);  /* t[i] = t[i - 1] */\n",
        replace: "        pollflag(L);\n        lua_geti(L, 1, i - 1);\n        lua_seti(L, 1, i);  /* t[i] = t[i - 1] */\n",
        proof: "polls::insert_into_a_sparse_table",
        why: "'__len' may say 2^62, and a table whose border is 2^62 is built in 63 assignments.",
    },
    Edit {
        name: "poll-remove",
        file: "ltablib.c",
        find: "    lua_geti(L, 1, pos + 1);\n    lua_seti(L, 1, pos);  /* t[pos] = t[pos + 1] */\n",
        replace: "    pollflag(L);\n    lua_geti(L, 1, pos + 1);\n    lua_seti(L, 1, pos);  /* t[pos] = t[pos + 1] */\n",
        proof: "polls::remove_from_a_sparse_table",
        why: "As poll-insert.",
    },
    Edit {
        name: "poll-move-up",
        file: "ltablib.c",
        find: "      for (i = 0; i < n; i++) {\n        lua_geti(L, 1, f + i);\n",
        replace: "      for (i = 0; i < n; i++) {\n        pollflag(L);\n        lua_geti(L, 1, f + i);\n",
        proof: "polls::move_up",
        why: "The range is any pair of integers.",
    },
    Edit {
        name: "poll-move-down",
        file: "ltablib.c",
        find: "      for (i = n - 1; i >= 0; i--) {\n        lua_geti(L, 1, f + i);\n",
        replace: "      for (i = n - 1; i >= 0; i--) {\n        pollflag(L);\n        lua_geti(L, 1, f + i);\n",
        proof: "polls::move_down",
        why: "The range is any pair of integers.",
    },
    Edit {
        name: "poll-concat",
        file: "ltablib.c",
        find: "static void addfield (lua_State *L, luaL_Buffer *b, lua_Integer i) {\n",
        replace: "static void addfield (lua_State *L, luaL_Buffer *b, lua_Integer i) {\n  pollflag(L);\n",
        proof: "polls::concat_of_empty_strings",
        why: "The range is any pair of integers, and '__index' may give empty strings for ever.",
    },
    Edit {
        name: "poll-table-unpack",
        file: "ltablib.c",
        find: "  for (; i < e; i++) {  /* push arg[i..e - 1] (to avoid overflows) */\n",
        replace: "  for (; i < e; i++) {  /* push arg[i..e - 1] (to avoid overflows) */\n    pollflag(L);\n",
        proof: "polls::unpack_through_a_long_index_chain",
        why: "A million values, each through a chain of '__index'.",
    },
    Edit {
        name: "poll-sort",
        file: "ltablib.c",
        find: "static int sort_comp (lua_State *L, int a, int b) {\n  if (lua_isnil(L, 2))  /* no function? */\n    \
               return lua_compare(L, a, b, LUA_OPLT);  /* a < b */\n",
        replace: "static int sort_comp (lua_State *L, int a, int b) {\n  pollflag(L);\n  \
                  if (ttisnil(s2v(L->ci->func.p + 2)))  /* no function? */\n    \
                  return luaV_lessthan(L, s2v(L->top.p + a), s2v(L->top.p + b));  /* both are there */\n",
        proof: "polls::sort_without_a_comparator",
        why: "Without a comparator no function is called; '__len' may say 2^31 - 2. What is compared is where Lua's API \
              would find it: to look there at once makes up for the poll, and for more.",
    },
    // ---- utf8, os, base ----
    Edit {
        name: "poll-utf8-len",
        file: "lutf8lib.c",
        find: "  while (posi <= posj) {\n",
        replace: "  while (posi <= posj) {\n    pollevery(L, n);\n",
        proof: "polls::utf8_len",
        why: "Linear in a string of any length.",
    },
    Edit {
        name: "poll-date",
        file: "loslib.c",
        find: "    while (s < se) {\n      if (*s != '%')  /* not a conversion specifier? */\n",
        replace: "    while (s < se) {\n      pollflag(L);\n      if (*s != '%')  /* not a conversion specifier? */\n",
        proof: "polls::date_of_a_long_format",
        why: "A format of megabytes calls strftime millions of times.",
    },
    Edit {
        name: "poll-call-metamethod",
        file: "ldo.c",
        find: "  checkstackGCp(L, 1, func);  /* space for metamethod */\n",
        replace: "  pollflag(L);\n  checkstackGCp(L, 1, func);  /* space for metamethod */\n",
        proof: "polls::chain_of_call_metamethods",
        why: "A chain of '__call' is one instruction, and quadratic: each link moves all arguments. \
              Lua 5.5 limits the chain.",
    },
    // ---- the compiler ----
    Edit {
        name: "poll-blank",
        file: "llex.c",
        find: "  luaZ_resetbuffer(ls->buff);\n  for (;;) {\n    switch (ls->current) {\n      case '\\n': case '\\r': {  /* line breaks */\n",
        replace: "  luaZ_resetbuffer(ls->buff);\n  for (;;) {\n    pollflag(ls->L);\n    switch (ls->current) {\n      case '\\n': case '\\r': {  /* line breaks */\n",
        proof: "polls::loading_blanks",
        why: "Every token passes here, and every blank and comment before it. What the parser does between two tokens \
              is linear in the source at most: 'x and x and …' is quadratic, a walk for each token.",
    },
    Edit {
        name: "poll-long-token",
        file: "llex.c",
        find: "  Mbuffer *b = ls->buff;\n  if (luaZ_bufflen(b) + 1 > luaZ_sizebuffer(b)) {\n",
        replace: "  Mbuffer *b = ls->buff;\n  pollevery(ls->L, luaZ_bufflen(b));\n  if (luaZ_bufflen(b) + 1 > luaZ_sizebuffer(b)) {\n",
        proof: "polls::loading_a_long_string",
        why: "One string, name or numeral of megabytes, also from a reader that is a C function.",
    },
    Edit {
        name: "poll-comment",
        file: "llex.c",
        find: "        while (!currIsNewline(ls) && ls->current != EOZ)\n          next(ls);  /* skip until end of line (or end of file) */\n",
        replace: "        while (!currIsNewline(ls) && ls->current != EOZ) {\n          pollevery(ls->L, ls->z->n);\n          \
                  next(ls);  /* skip until end of line (or end of file) */\n        }\n",
        proof: "polls::loading_a_long_comment",
        why: "A comment of megabytes is no token, and nothing of it is kept.",
    },
    Edit {
        name: "poll-long-comment",
        file: "llex.c",
        find: "        if (seminfo) save_and_next(ls);\n        else next(ls);\n",
        replace: "        if (seminfo) save_and_next(ls);\n        else {\n          pollevery(ls->L, ls->z->n);\n          next(ls);\n        }\n",
        proof: "polls::loading_a_long_comment_in_brackets",
        why: "As poll-comment.",
    },
    Edit {
        name: "poll-zapped-blanks",
        file: "llex.c",
        find: "            while (lisspace(ls->current)) {\n              if (currIsNewline(ls)) inclinenumber(ls);\n",
        replace: "            while (lisspace(ls->current)) {\n              pollevery(ls->L, ls->z->n);\n              \
                  if (currIsNewline(ls)) inclinenumber(ls);\n",
        proof: "polls::loading_blanks_in_a_string",
        why: "As poll-comment, for the blanks that '\\z' skips.",
    },
    Edit {
        name: "poll-solved-goto",
        file: "lparser.c",
        find: "  for (i = g; i < gl->n - 1; i++)  /* remove goto from pending list */\n",
        replace: "  pollflag(ls->L);\n  for (i = g; i < gl->n - 1; i++)  /* remove goto from pending list */\n",
        proof: "compiler::each_goto_that_finds_its_label_is_a_safepoint",
        why: "One label may end 30 000 gotos or breaks, and each that goes shifts the rest: a quarter of a second between \
              two tokens.",
    },
    Edit {
        name: "poll-last-pass",
        file: "lcode.c",
        find: "  for (i = 0; i < fs->pc; i++) {\n    Instruction *pc = &p->code[i];\n    lua_assert(i == 0 ||",
        replace: "  for (i = 0; i < fs->pc; i++) {\n    Instruction *pc = &p->code[i];\n    pollevery(fs->ls->L, i);\n    lua_assert(i == 0 ||",
        proof: "polls::loading_jumps_to_jumps",
        why: "The last pass over a function follows each jump through up to 100 others: hundreds of steps for each of \
              millions of instructions, between two tokens.",
    },
];
