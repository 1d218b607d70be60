//! `url`: cases of the WHATWG's urltestdata.json, queries, percent-encoding, and arguments.

use super::{fail, holds, quoted, raises, run};

/// What `url.parse` makes of a text, with a base or none: `href`, or the parts that are named.
fn parsed(input: &str, base: Option<&str>, part: &str) -> String {
    let base = base.map_or("nil".to_owned(), |base| quoted(base.as_bytes()));
    let input = quoted(input.as_bytes());
    run(&format!("local u, message = url.parse({input}, {base}) return u and tostring(u.{part}) or message"))
}

#[test]
fn urls_are_read_as_the_whatwg_has_them() {
    let base = Some("http://example.org/foo/bar");
    let cases = [
        ("http://example\t.\norg", base, "http://example.org/"),
        ("http://user:pass@foo:21/bar;par?b#c", base, "http://user:pass@foo:21/bar;par?b#c"),
        ("https://test:@test", None, "https://test@test/"),
        ("https://:@test", None, "https://test/"),
        ("http:foo.com", base, "http://example.org/foo/foo.com"),
        ("\t   :foo.com   \n", base, "http://example.org/foo/:foo.com"),
        (" foo.com  ", base, "http://example.org/foo/foo.com"),
        ("a:\t foo.com", base, "a: foo.com"),
        ("http://f:21/ b ? d # e ", base, "http://f:21/%20b%20?%20d%20#%20e"),
        ("lolscheme:x x#x x", base, "lolscheme:x x#x%20x"),
        ("http://f:00000000000080/c", base, "http://f/c"),
        ("", base, "http://example.org/foo/bar"),
        ("//foo/bar", base, "http://foo/bar"),
        ("?a=b&c=d", base, "http://example.org/foo/bar?a=b&c=d"),
        ("#\u{3b2}", base, "http://example.org/foo/bar#%CE%B2"),
        ("\\x", base, "http://example.org/x"),
        ("http://example.com/foo/%2e%2", None, "http://example.com/foo/%2e%2"),
        ("http://example.com////../..", None, "http://example.com//"),
        ("http://example.com/foo/./../bar", None, "http://example.com/bar"),
        ("http://www.example.com/?q=\u{30c6}\u{30b9}", None, "http://www.example.com/?q=%E3%83%86%E3%82%B9"),
        ("http://GOO\u{200b}\u{2060}\u{feff}goo.com", base, "http://googoo.com/"),
        ("http://\u{ff05}\u{ff14}\u{ff11}.com", base, "!invalid international domain name"),
        ("http://\u{4f60}\u{597d}\u{4f60}\u{597d}", base, "http://xn--6qqa088eba/"),
        ("http://fa\u{df}.ExAmPlE/", None, "http://xn--fa-hia.example/"),
        ("http://192.0x00A80001", None, "http://192.168.0.1/"),
        ("http://[1::2]:3:4", None, "!"),
        ("http://[2001::1]", None, "http://[2001::1]/"),
        ("http://[::127.0.0.1]", None, "http://[::7f00:1]/"),
        ("file:///foo%2Fbar.txt", None, "file:///foo%2Fbar.txt"),
        ("file:///C:/foo/../..", None, "file:///C:/"),
        ("mailto:example.com", None, "mailto:example.com"),
        ("data:text/html,test#test", None, "data:text/html,test#test"),
        ("javascript:alert(1)", None, "javascript:alert(1)"),
        ("non-special://[::1]:9/p?q", None, "non-special://[::1]:9/p?q"),
        ("blob:https://example.com:443/", None, "blob:https://example.com:443/"),
        ("http://host/?'", None, "http://host/?%27"),
        ("notspecial://host/?'", None, "notspecial://host/?'"),
        ("http://f:b/c", base, "!invalid port number"),
        ("http://f:65536/c", base, "!invalid port number"),
        ("http://10000000000", base, "!"),
        ("http://4294967296", base, "!"),
        ("http://user@/www.example.com", None, "!empty host"),
        ("http:", None, "!empty host"),
        ("https://x x:12", None, "!"),
        ("http://a<b", None, "!"),
        ("http://[google.com]", None, "!"),
        ("http://hello%00", None, "!"),
        ("/some/path", None, "!relative URL without a base"),
        ("x", Some("mailto:a"), "!"),
    ];
    for (input, base, href) in cases {
        let shown = parsed(input, base, "href");
        match href.strip_prefix('!') {
            Some(message) => assert!(shown.starts_with("url: ") && shown.contains(message), "{input:?}: {shown}"),
            None => assert_eq!(shown, href, "{input:?}"),
        }
    }
}

#[test]
fn a_url_has_parts() {
    let input = "https://ann:se%20cret@Example.com:8443/a/b%20c?q=1&q=2#top";
    let parts = [
        ("href", "https://ann:se%20cret@example.com:8443/a/b%20c?q=1&q=2#top"),
        ("scheme", "https"),
        ("username", "ann"),
        ("password", "se%20cret"),
        ("host", "example.com"),
        ("port", "8443"),
        ("path", "/a/b%20c"),
        ("query", "q=1&q=2"),
        ("fragment", "top"),
    ];
    for (part, expected) in parts {
        assert_eq!(parsed(input, None, part), expected, "{part}");
    }
    for part in ["username", "password", "port", "query", "fragment"] {
        assert_eq!(parsed("https://example.com:443", None, part), "nil", "{part}");
    }
    assert_eq!(parsed("mailto:ann@example.com", None, "host"), "nil");
    assert_eq!(parsed("mailto:ann@example.com", None, "path"), "ann@example.com");
    assert_eq!(parsed("https://example.com/?#", None, "query"), "");
    assert_eq!(parsed("https://example.com/?#", None, "fragment"), "");
    holds(&["math.type(url.parse('http://a:81').port) == 'integer'"]);
}

#[test]
fn build_is_the_inverse_of_parse() {
    for input in [
        "https://ann:se%20cret@example.com:8443/a/b%20c?q=1&q=2#top",
        "http://example.com/",
        "mailto:ann@example.com",
        "file:///C:/foo",
        "web+demo:/.//not-a-host/",
        "http://[::1]:81/",
        "https://example.com/?#",
        "data:text/plain,a",
        "urn:isbn:0451450523",
    ] {
        assert_eq!(run(&format!("return url.build(url.parse('{input}'))")), input);
    }
}

#[test]
fn an_empty_host_is_a_host() {
    for input in ["foo:///x", "foo:////x", "file:///x", "foo:///", "foo://h/x"] {
        assert_eq!(run(&format!("return url.build(url.parse('{input}'))")), input);
    }
    holds(&[
        "url.parse('foo:///x').host == '' and url.parse('foo:/x').host == nil and url.parse('file:///x').host == ''",
    ]);
}

#[test]
fn no_path_becomes_a_host() {
    let missing = "url.build: the field 'host' is missing";
    for scheme in ["https", "HTTP", "ws", "wss", "ftp"] {
        for host in ["", "host = '', "] {
            for path in
                ["/evil.com/x", "evil.com/x", "//evil.com/x", "\\\\\\\\evil.com", "/\\\\evil.com", "/user@evil.com"]
            {
                raises(&[(&format!("url.build{{scheme = '{scheme}', {host}path = '{path}'}}"), missing)]);
            }
        }
    }
    for path in ["//evil.com/x", "\\\\\\\\evil.com/x", "/\\\\evil.com/x", "\\\\/evil.com/x"] {
        for scheme in ["file", "foo"] {
            holds(&[&format!("(url.parse(url.build{{scheme = '{scheme}', path = '{path}'}}).host or '') == ''")]);
            holds(&[&format!("url.parse(url.build{{scheme = '{scheme}', host = 'h', path = '{path}'}}).host == 'h'")]);
        }
    }
}

#[test]
fn what_goes_with_a_host_needs_one() {
    for (name, value) in [("username", "'u'"), ("password", "'p'"), ("port", "80")] {
        let message = format!("url.build: the field '{name}' needs the field 'host'");
        raises(&[(&format!("url.build{{scheme = 'mailto', path = 'x', {name} = {value}}}"), &message)]);
    }
}

#[test]
fn build_puts_each_part_where_it_belongs() {
    let cases = [
        ("{scheme = 'https', host = 'example.com'}", "https://example.com/"),
        ("{scheme = 'https', host = 'example.com', path = 'a b?c#d%20'}", "https://example.com/a%20b%3Fc%23d%20"),
        ("{scheme = 'https', host = 'h', query = 'a#b'}", "https://h/?a%23b"),
        ("{scheme = 'https', host = 'h', query = {b = {1, 2.5}, a = 'x y'}}", "https://h/?a=x+y&b=1&b=2.5"),
        ("{scheme = 'https', host = 'h', username = 'a:b@c', password = '/:@'}", "https://a%3Ab%40c:%2F%3A%40@h/"),
        ("{scheme = 'https', host = 'h', port = 443}", "https://h/"),
        ("{scheme = 'http', host = 'h', port = 443}", "http://h:443/"),
        ("{scheme = 'http', host = 'h', path = '/a\\nb', fragment = 'x\\ty z'}", "http://h/a%0Ab#x%09y%20z"),
        ("{scheme = 'http', host = 'h', path = '/\u{e9}\\xff'}", "http://h/%C3%A9%FF"),
        ("{scheme = 'tel', path = '+1-201'}", "tel:+1-201"),
        ("{scheme = 'file', path = '/a/b'}", "file:///a/b"),
        ("{scheme = 'file', host = '', path = '/a/b'}", "file:///a/b"),
        ("{scheme = 'x', host = '', path = '/a'}", "x:///a"),
        ("{scheme = 'http', host = 'h', query = {}}", "http://h/"),
        ("{scheme = 'http', host = 'h', query = ''}", "http://h/?"),
    ];
    for (parts, href) in cases {
        assert_eq!(run(&format!("return url.build {parts}")), href, "{parts}");
    }
}

#[test]
fn build_refuses_what_would_become_another_part() {
    let hosts = ["a/b", "a?b", "a#b", "a@b", "a:80", "a\\\\b", "a b", "", "a\\n", "[::1", "[::1]:80", "[a/b]", "\\xff"];
    for host in hosts {
        let failure = fail(&format!("return url.build{{scheme = 'https', host = '{host}'}}"));
        assert!(failure.error.to_string().contains("url.build: "), "{host}: {failure:?}");
    }
    raises(&[
        ("url.build()", "bad argument #1 to 'build' (table expected, got no value)"),
        ("url.build{}", "url.build: the field 'scheme' is missing"),
        (
            "url.build{scheme = 'https', host = 'h', pth = '/x'}",
            "url.build: the field 'pth' is unknown; there are scheme, username, password, host, port, path, query, fragment",
        ),
        ("url.build{'https'}", "url.build: a field has a number as its name (string expected)"),
        ("url.build{scheme = 1}", "url.build: the field 'scheme' is a number (string expected)"),
        ("url.build{scheme = 'a:b'}", "url.build: the field 'scheme' is no scheme, such as https"),
        ("url.build{scheme = '1a'}", "url.build: the field 'scheme' is no scheme, such as https"),
        (
            "url.build{scheme = 'http', host = 'h', port = '80'}",
            "url.build: the field 'port' is no integer from 0 to 65535",
        ),
        (
            "url.build{scheme = 'http', host = 'h', port = 65536}",
            "url.build: the field 'port' is no integer from 0 to 65535",
        ),
        (
            "url.build{scheme = 'http', host = 'h', query = true}",
            "url.build: the field 'query' is a boolean (string expected)",
        ),
        (
            "url.build{scheme = 'http', host = 'h', path = ('x'):rep(1 << 20)}",
            "url.build: the URL is longer than 262144 bytes",
        ),
    ]);
}

#[test]
fn queries_are_written_with_sorted_keys_and_read_into_tables() {
    holds(&[
        "url.query{} == '' and next(url.query('')) == nil and next(url.query('?')) == nil and next(url.query('&&')) == nil",
        "url.query{b = 1, a = 'x y&=+', c = true, d = 2.0, ['\u{e9} '] = ''} == 'a=x+y%26%3D%2B&b=1&c=true&d=2.0&%C3%A9+='",
        "url.query{a = {'x', 2, false}} == 'a=x&a=2&a=false' and url.query{a = {}} == ''",
        "url.query{a = \"*-._~!'()\"} == 'a=*-._%7E%21%27%28%29'",
        "url.query('a=1').a == '1' and url.query('?a=1').a == '1' and url.query('a').a == '' and url.query('=x')[''] == 'x'",
        "table.concat(url.query('a=1&b=2&a=3&a=').a, ',') == '1,3,' and url.query('a=1&b=2&a=3').b == '2'",
        "url.query('a+b%20c=%C3%A9%zz%4+x')['a b c'] == '\u{e9}%zz%4 x'",
        "url.query('a=b=c').a == 'b=c' and url.query('a=%FF').a == '\\xff'",
        "url.query('a=' .. ('%41'):rep(5000)).a == ('A'):rep(5000)",
    ]);
}

#[test]
fn components_are_those_of_javascript() {
    holds(&[
        "url.encode(\"AZaz09-_.!~*'()\") == \"AZaz09-_.!~*'()\"",
        "url.encode(' \"#$%&+,/:;<=>?@[]^`{|}\u{e9}\\0\\xff') == '%20%22%23%24%25%26%2B%2C%2F%3A%3B%3C%3D%3E%3F%40%5B%5D%5E%60%7B%7C%7D%C3%A9%00%FF'",
        "url.decode('a%20b+c%c3%A9') == 'a b+c\u{e9}' and url.decode('') == ''",
        // An escape is never cut where one piece of a long text ends.
        "url.decode(('x'):rep(49151) .. '%41%42') == ('x'):rep(49151) .. 'AB'",
        "url.decode(('x'):rep(49150) .. '%41%42') == ('x'):rep(49150) .. 'AB'",
        "url.decode(('x'):rep(49149) .. '%41%42') == ('x'):rep(49149) .. 'AB'",
    ]);
    let message = |at| format!("nil\turl: no two hexadecimal digits follow the % at byte {at}");
    assert_eq!(run("return url.decode('100%')"), message(4));
    assert_eq!(run("return url.decode('a%2')"), message(2));
    assert_eq!(run("return url.decode('a%2g')"), message(2));
    assert_eq!(run("return url.decode(('x'):rep(100000) .. '%x')"), message(100_001));
}

#[test]
fn what_is_no_text_is_refused() {
    assert_eq!(run("return url.parse('http://\\xff')"), "nil\turl: the URL is not UTF-8");
    assert_eq!(run("return url.parse('x', 'y')"), "nil\turl: the base is no URL: relative URL without a base");
    let long = "return url.parse('http://a/' .. ('x'):rep(1 << 20))";
    assert_eq!(run(long), "nil\turl: the URL is longer than 262144 bytes");
    raises(&[
        ("url.parse()", "bad argument #1 to 'parse' (string expected, got no value)"),
        ("url.parse('x', {})", "bad argument #2 to 'parse' (string expected, got table)"),
        ("url.encode({})", "bad argument #1 to 'encode' (string expected, got table)"),
        ("url.decode(nil)", "bad argument #1 to 'decode' (string expected, got nil)"),
        ("url.query()", "bad argument #1 to 'query' (string or table expected, got no value)"),
        ("url.query{1}", "url.query: a key is a number (string expected)"),
        ("url.query{a = {{}}}", "url.query: the value of 'a' is no string, number, boolean or list of them"),
        ("url.build{scheme = 'a', query = {1}}", "url.build: the field 'query': a key is a number (string expected)"),
        (
            "url.build{scheme = 'a', query = {a = print}}",
            "url.build: the field 'query': the value of 'a' is no string, number, boolean or list of them",
        ),
        ("url.query{a = {b = 1}}", "url.query: the value of 'a' is no string, number, boolean or list of them"),
        ("url.query{a = {1, 2, x = 3}}", "url.query: the value of 'a' is no string, number, boolean or list of them"),
        ("url.query{a = print}", "url.query: the value of 'a' is no string, number, boolean or list of them"),
    ]);
}
