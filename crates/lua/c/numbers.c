/* Numbers that lie side by side, put into the array of a table at once. They are little-endian, as is every machine that this runs on. */

/* How many of 'n' values have a place in the array of a table, from the place 'from' on. */
static size_t places (const Table *t, size_t from, size_t n) {
  const size_t size = luaH_realasize(t);
  return from >= size ? 0 : n < size - from ? n : size - from;
}

/* Puts integers of 32 bits into the array of the table at 'index', from the place 'from' on, as far as that goes. Returns how many. */
LUA_API size_t moonpool_setintegers (lua_State *L, int index, size_t from, const unsigned char *bytes, size_t n) {
  Table *t = hvalue(index2value(L, index));
  size_t i, count = places(t, from, n);
  for (i = 0; i < count; i++) {
    int number;
    memcpy(&number, bytes + i * sizeof(number), sizeof(number));
    setivalue(&t->array[from + i], number);
  }
  return count;
}

/* The same, of floats of 64 bits. */
LUA_API size_t moonpool_setfloats (lua_State *L, int index, size_t from, const unsigned char *bytes, size_t n) {
  Table *t = hvalue(index2value(L, index));
  size_t i, count = places(t, from, n);
  for (i = 0; i < count; i++) {
    lua_Number number;
    memcpy(&number, bytes + i * sizeof(number), sizeof(number));
    setfltvalue(&t->array[from + i], number);
  }
  return count;
}
