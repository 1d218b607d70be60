//! `base64` and `hex`: the vectors of RFC 4648, what is refused, and arguments.

use super::{holds, quoted, raises, run};

#[test]
fn base64_is_that_of_rfc_4648() {
    let vectors = [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
        (r"\x14\xfb\x9c\x03\xd9\x7e", "FPucA9l+"),
        (r"\xff\xff\xbe", "//++"),
    ];
    for (bytes, text) in vectors {
        holds(&[
            &format!("base64.encode('{bytes}') == '{text}'"),
            &format!("base64.decode('{text}') == '{bytes}'"),
            &format!("base64.decode('{}') == '{bytes}'", text.trim_end_matches('=')),
            &format!("base64.encode('{bytes}', 'standard') == '{text}'"),
        ]);
        let of_urls = text.replace('+', "-").replace('/', "_");
        let bare = of_urls.trim_end_matches('=');
        holds(&[
            &format!("base64.encode('{bytes}', 'url') == '{bare}'"),
            &format!("base64.decode('{bare}', 'url') == '{bytes}'"),
            &format!("base64.decode('{of_urls}', 'url') == '{bytes}'"),
        ]);
    }
}

#[test]
fn hex_is_that_of_rfc_4648_in_small_letters() {
    holds(&[
        "hex.encode('foobar') == '666f6f626172' and hex.decode('666f6f626172') == 'foobar'",
        "hex.decode('666F6f626172') == 'foobar'",
        "hex.encode('') == '' and hex.decode('') == ''",
        "hex.encode('\\0\\xff') == '00ff'",
    ]);
}

#[test]
fn all_bytes_in_texts_of_all_lengths_come_back() {
    let code = "
        local all = {} for i = 0, 255 do all[i + 1] = string.char(i) end
        all = table.concat(all):rep(600)
        for _, length in ipairs{1, 2, 3, 255, 256, 49151, 49152, 49153, 49154, 98304, 98305, 150000} do
          local text = all:sub(1, length)
          assert(base64.decode(base64.encode(text)) == text, length)
          assert(base64.decode(base64.encode(text, 'url'), 'url') == text, length)
          assert(hex.decode(hex.encode(text)) == text, length)
          assert(url.decode(url.encode(text)) == text, length)
        end
        return 'same'";
    assert_eq!(run(code), "same");
}

#[test]
fn what_is_malformed_gives_nil_and_a_message() {
    let at = |byte| format!("nil\tbase64: the text is wrong at byte {byte}");
    let length = "nil\tbase64: the text has a wrong length".to_owned();
    let refused = [
        ("Zm9v Zm9v", at(5)),
        ("Zm9v\nZm9v", at(5)),
        ("Zm9vZm9v\r\n", at(9)),
        ("Zg=", length.clone()),
        ("Zm8==", length.clone()),
        ("Zg===", length),
        ("=", "nil\tbase64: the text has a wrong length".to_owned()),
        ("Zg==Zg==", at(3)),
        ("Z", at(1)),
        ("Zm9vZ", at(5)),
        // What is left of the last digit is not zero.
        ("Zh==", at(2)),
        ("Zm9=", at(3)),
        ("Zm-v", at(3)),
        ("Zm_v", at(3)),
        ("Zm9\0", at(4)),
        ("Zm9\u{e9}", at(4)),
    ];
    for (text, expected) in refused {
        assert_eq!(run(&format!("return base64.decode({})", quoted(text.as_bytes()))), expected, "{text:?}");
    }
    holds(&["select(2, base64.decode('Zm+v', 'url')) == 'base64: the text is wrong at byte 3'"]);
    let late = "return base64.decode(('A'):rep(100000) .. '!' .. ('A'):rep(3))";
    assert_eq!(run(late), at(100_001));
    assert_eq!(run("return hex.decode('0')"), "nil\thex: the text has an odd length");
    assert_eq!(run("return hex.decode('000g')"), "nil\thex: the text is wrong at byte 4");
    assert_eq!(run("return hex.decode(('0'):rep(99999) .. ' ')"), "nil\thex: the text is wrong at byte 100000");
}

#[test]
fn bad_arguments_are_named() {
    raises(&[
        ("base64.encode()", "bad argument #1 to 'encode' (string expected, got no value)"),
        ("base64.decode({})", "bad argument #1 to 'decode' (string expected, got table)"),
        ("base64.encode('', 'urls')", "bad argument #2 to 'encode' (invalid option 'urls')"),
        ("base64.decode('', true)", "bad argument #2 to 'decode' (string expected, got boolean)"),
        ("hex.encode(nil)", "bad argument #1 to 'encode' (string expected, got nil)"),
        ("hex.decode(print)", "bad argument #1 to 'decode' (string expected, got function)"),
    ]);
}
