-- mechanism: output of broken UTF-8 becomes U+FFFD and must not fail the run
-- options: {"timeout": 300}
-- expect: any

io.write("a\xff\xc3(b\xed\xa0\x80\xf4\x90\x80\x80c\0d")
