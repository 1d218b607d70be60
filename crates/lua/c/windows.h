/* How Lua raises errors on Windows: as elsewhere, by restoring registers. 'longjmp' would unwind every frame on its way. */

/*
** A jump buffer without a frame is only restored. The frames that are left are C's and our leaves: none of them has
** anything to clean up, on no system.
*/
#if defined(_WIN32) && (defined(__x86_64__) || defined(_M_X64))
#define LUAI_THROW(L,c)		longjmp((c)->b, 1)
#define LUAI_TRY(L,c,a)  \
  if (setjmp((c)->b) == 0) { ((_JUMP_BUFFER *)(c)->b)->Frame = 0; a }
#define luai_jmpbuf		jmp_buf
#endif
