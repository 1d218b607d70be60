-- The names between two bounds, in byte order.
sweep(-1)
settle()
return call('ZRANGEBYLEX', NAMES, ARGV[1], ARGV[2])
