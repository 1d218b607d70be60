/*
** Puts 'n' numbers that lie side by side into the array of the table at 'index', from the place 'from' on, as far as that goes:
** floats of 64 bits, or integers of 32. They are little-endian, as is every machine that this runs on. Returns how many.
*/
LUA_API size_t moonpool_setnumbers (lua_State *L, int index, size_t from, const unsigned char *bytes, size_t n,
                                    int arefloats) {
  Table *t = hvalue(index2value(L, index));
  const size_t size = luaH_realasize(t);
  size_t i;
  if (from >= size) return 0;
  if (n > size - from) n = size - from;
  for (i = 0; i < n; i++) {
    TValue *place = &t->array[from + i];
    if (arefloats) {
      lua_Number number;
      memcpy(&number, bytes + i * sizeof(number), sizeof(number));
      setfltvalue(place, number);
    }
    else {
      int number;
      memcpy(&number, bytes + i * sizeof(number), sizeof(number));
      setivalue(place, number);
    }
  }
  return n;
}
