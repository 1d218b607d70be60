/* For tests: how the flag is changed where another thread may change it at the same moment. */

LUA_API int moonpool_swap (volatile int *flag, int *now, int then) {
  return luaP_swap(flag, now, then);
}
