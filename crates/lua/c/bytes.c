/* Long strings: worked on in pieces, with a poll before each. */

/* Polls. Where the piece ends that begins at 'from'. */
static size_t luaP_piece (lua_State *L, size_t from, size_t end) {
  pollflag(L);
  return (end - from > LUAP_PIECE) ? from + LUAP_PIECE : end;
}

/* memcpy. */
static void luaP_copy (lua_State *L, char *to, const char *from, size_t size) {
  size_t at = 0;
  while (at < size) {
    size_t end = luaP_piece(L, at, size);
    memcpy(to + at, from + at, end - at);
    at = end;
  }
}

/*
** 'string.rep' of more than a few bytes: fills 'p', which has 'size' bytes, with 's' and 'sep' in turn. All but the first of
** each is copied from what was written last: of short strings twice as much each time.
*/
static void luaP_rep (lua_State *L, char *p, size_t size, const char *s, size_t l, const char *sep, size_t lsep) {
  size_t at = l + lsep;
  size_t back = at;  /* as many copies of both, which are there by now */
  luaP_copy(L, p, s, l);
  if (size == l) return;
  luaP_copy(L, p + l, sep, lsep);
  while (at < size) {
    size_t end = luaP_piece(L, at, size);
    if (end - at > back) end = at + back;
    memcpy(p + at, p + at - back, end - at);
    at = end;
    if (back < LUAP_PIECE && at >= 2 * back) back *= 2;
  }
}
