//! `crypto`: the official test vectors, chance, and arguments.

use super::common::{execute, script};
use super::{holds, raises, run};
use moonpool_core::bridge::Repeats;

/// A hash of each text, in hexadecimal digits.
fn hashes(algorithm: &str, vectors: &[(&str, &str)]) {
    for (text, expected) in vectors {
        assert_eq!(run(&format!("return hex.encode(crypto.{algorithm}({text}))")), *expected, "{algorithm} of {text}");
    }
}

#[test]
fn md5_is_that_of_rfc_1321() {
    hashes(
        "md5",
        &[
            (r#""""#, "d41d8cd98f00b204e9800998ecf8427e"),
            (r#""a""#, "0cc175b9c0f1b6a831c399e269772661"),
            (r#""abc""#, "900150983cd24fb0d6963f7d28e17f72"),
            (r#""message digest""#, "f96b697d7cb7938d525a2f31aaf161d0"),
            (r#""abcdefghijklmnopqrstuvwxyz""#, "c3fcd3d76192e4007dfb496cca67e13b"),
            (r#""ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789""#, "d174ab98d277d9f5a5611c2c9f419d9f"),
            (r#"("1234567890"):rep(8)"#, "57edf4a22be3c955ac49da2e2107b67a"),
        ],
    );
}

#[test]
fn sha1_is_that_of_fips_180_4() {
    hashes(
        "sha1",
        &[
            (r#""""#, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            (r#""abc""#, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                r#""abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq""#,
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            ),
            (
                r#""abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu""#,
                "a49b2446a02c645bf419f995b67091253a04a259",
            ),
            (r#"("a"):rep(1000000)"#, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
        ],
    );
}

#[test]
fn sha256_is_that_of_fips_180_4() {
    hashes(
        "sha256",
        &[
            (r#""""#, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (r#""abc""#, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                r#""abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq""#,
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
            (
                r#""abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu""#,
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
            ),
            (r#"("a"):rep(1000000)"#, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ],
    );
}

#[test]
fn sha512_is_that_of_fips_180_4() {
    hashes(
        "sha512",
        &[
            (
                r#""""#,
                "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
            ),
            (
                r#""abc""#,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            (
                r#""abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu""#,
                "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
            ),
            (
                r#"("a"):rep(1000000)"#,
                "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
            ),
        ],
    );
}

/// Of a key and a text.
fn macs(algorithm: &str, vectors: &[(&str, &str, &str)]) {
    for (key, text, expected) in vectors {
        let code = format!("return hex.encode(crypto.hmac('{algorithm}', {key}, {text}))");
        assert_eq!(run(&code), *expected, "{algorithm} of {key}, {text}");
    }
}

#[test]
fn hmac_with_md5_is_that_of_rfc_2202() {
    macs(
        "md5",
        &[
            (r#"("\x0b"):rep(16)"#, r#""Hi There""#, "9294727a3638bb1c13f48ef8158bfc9d"),
            (r#""Jefe""#, r#""what do ya want for nothing?""#, "750c783e6ab0b503eaa86e310a5db738"),
            (r#"("\xaa"):rep(16)"#, r#"("\xdd"):rep(50)"#, "56be34521d144c88dbb8c733f0e8b3f6"),
            (
                r#""\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19""#,
                r#"("\xcd"):rep(50)"#,
                "697eaf0aca3a3aea3a75164746ffaa79",
            ),
            (
                r#"("\xaa"):rep(80)"#,
                r#""Test Using Larger Than Block-Size Key - Hash Key First""#,
                "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
            ),
            (
                r#"("\xaa"):rep(80)"#,
                r#""Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data""#,
                "6f630fad67cda0ee1fb1f562db3aa53e",
            ),
        ],
    );
}

#[test]
fn hmac_with_sha1_is_that_of_rfc_2202() {
    macs(
        "sha1",
        &[
            (r#"("\x0b"):rep(20)"#, r#""Hi There""#, "b617318655057264e28bc0b6fb378c8ef146be00"),
            (r#""Jefe""#, r#""what do ya want for nothing?""#, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (r#"("\xaa"):rep(20)"#, r#"("\xdd"):rep(50)"#, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
            (
                r#""\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19""#,
                r#"("\xcd"):rep(50)"#,
                "4c9007f4026250c6bc8414f9bf50c86c2d7235da",
            ),
            (
                r#"("\xaa"):rep(80)"#,
                r#""Test Using Larger Than Block-Size Key - Hash Key First""#,
                "aa4ae5e15272d00e95705637ce8a3b55ed402112",
            ),
            (
                r#"("\xaa"):rep(80)"#,
                r#""Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data""#,
                "e8e99d0f45237d786d6bbaa7965c7808bbff1a91",
            ),
        ],
    );
}

#[test]
fn hmac_with_sha256_is_that_of_rfc_4231() {
    macs(
        "sha256",
        &[
            (
                r#"("\x0b"):rep(20)"#,
                r#""Hi There""#,
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                r#""Jefe""#,
                r#""what do ya want for nothing?""#,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                r#"("\xaa"):rep(20)"#,
                r#"("\xdd"):rep(50)"#,
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                r#""\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19""#,
                r#"("\xcd"):rep(50)"#,
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            ),
            (
                r#"("\xaa"):rep(131)"#,
                r#""Test Using Larger Than Block-Size Key - Hash Key First""#,
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                r#"("\xaa"):rep(131)"#,
                r#""This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.""#,
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ],
    );
}

#[test]
fn hmac_with_sha512_is_that_of_rfc_4231() {
    macs(
        "sha512",
        &[
            (
                r#"("\x0b"):rep(20)"#,
                r#""Hi There""#,
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
            ),
            (
                r#""Jefe""#,
                r#""what do ya want for nothing?""#,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
            (
                r#"("\xaa"):rep(20)"#,
                r#"("\xdd"):rep(50)"#,
                "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
            ),
            (
                r#""\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19""#,
                r#"("\xcd"):rep(50)"#,
                "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd",
            ),
            (
                r#"("\xaa"):rep(131)"#,
                r#""Test Using Larger Than Block-Size Key - Hash Key First""#,
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
            ),
            (
                r#"("\xaa"):rep(131)"#,
                r#""This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.""#,
                "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58",
            ),
        ],
    );
}

#[test]
fn long_keys_are_hashed_in_pieces() {
    let expected = "5a042ee1885bf18cb535033f5cb5cbb6b6059e1045dfd5a5f0e263f1cc103521";
    assert_eq!(run("return hex.encode(crypto.hmac('sha256', ('k'):rep(200000), 'text'))"), expected);
}

#[test]
fn texts_are_any_bytes_and_numbers_are_their_text() {
    holds(&[
        "hex.encode(crypto.sha256('\\0\\xff')) == '06eb7d6a69ee19e5fbdf749018d3d2abfa04bcbd1365db312eb86dc7169389b8'",
        "crypto.md5(42) == crypto.md5('42')",
        "#crypto.md5('') == 16 and #crypto.sha1('') == 20 and #crypto.sha256('') == 32 and #crypto.sha512('') == 64",
    ]);
}

#[test]
fn random_bytes_are_as_many_as_asked_for_and_differ() {
    holds(&[
        "#crypto.random(0) == 0 and #crypto.random(1) == 1 and #crypto.random(1 << 20) == 1 << 20",
        "crypto.random(16) ~= crypto.random(16)",
        // Not the zeros that the memory began with: each piece of it is filled.
        "not crypto.random(1 << 20):find(('\\0'):rep(16), 1, true)",
    ]);
}

#[test]
fn uuids_have_their_version_and_differ() {
    let form = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-VERSION%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$";
    for (function, version) in [("uuid", "4"), ("uuid7", "7")] {
        let form = form.replace("VERSION", version);
        holds(&[
            &format!("crypto.{function}():find('{form}') == 1"),
            &format!("crypto.{function}() ~= crypto.{function}()"),
        ]);
    }
    holds(&["math.abs(tonumber(crypto.uuid7():gsub('-', ''):sub(1, 12), 16) / 1000 - os.time()) < 60"]);
}

#[test]
fn uuids_of_version_7_sort_in_the_order_in_which_they_were_made() {
    let code = "local last = '' for i = 1, 10000 do
          local uuid = crypto.uuid7()
          assert(uuid > last and uuid:sub(15, 15) == '7' and uuid:find('^[89ab]', 20), uuid)
          last = uuid
        end
        return 'sorted'";
    assert_eq!(run(code), "sorted");
}

/// What a script says whose time stands still.
fn at(now: f64, code: &str) -> String {
    let mut script = script(code);
    script.exchange.repeats = Some(Repeats { now: Some(now), seed: Some(1) });
    execute(script).expect("a result")
}

#[test]
fn uuids_of_version_7_begin_with_the_time_that_the_run_has() {
    let time = "local a, b = crypto.uuid7(), crypto.uuid7() assert(a < b) return (a:gsub('-', ''):sub(1, 12)), (b:gsub('-', ''):sub(1, 12))";
    assert_eq!(at(1_645_557_742_000.0, time), "017f22e279b0\t017f22e279b0");
    // No time before 1970, and none after the year 10889.
    assert_eq!(at(-1.0, time), "000000000000\t000000000000");
    assert_eq!(at(8.64e15, time), "ffffffffffff\tffffffffffff");
    // The first is as random as any, also at a time of 0.
    assert_ne!(at(0.0, "return crypto.uuid7():sub(16)").get(..8), Some("000-8000"));
}

#[test]
fn equal_compares_all_bytes() {
    holds(&[
        "crypto.equal('', '') and crypto.equal('a\\0b', 'a\\0b')",
        "not crypto.equal('a', 'b') and not crypto.equal('a', '') and not crypto.equal('ab', 'a')",
        "crypto.equal(('x'):rep(200000), ('x'):rep(200000))",
        "not crypto.equal(('x'):rep(200000), ('x'):rep(199999) .. 'y')",
        "not crypto.equal(('x'):rep(200000), 'y' .. ('x'):rep(199999))",
    ]);
}

#[test]
fn bad_arguments_are_named() {
    raises(&[
        ("crypto.md5()", "bad argument #1 to 'md5' (string expected, got no value)"),
        ("crypto.sha1(true)", "bad argument #1 to 'sha1' (string expected, got boolean)"),
        ("crypto.sha256(nil)", "bad argument #1 to 'sha256' (string expected, got nil)"),
        ("crypto.sha512({})", "bad argument #1 to 'sha512' (string expected, got table)"),
        ("crypto.hmac('md4', 'k', 't')", "bad argument #1 to 'hmac' (invalid option 'md4')"),
        ("crypto.hmac('md5', nil, 't')", "bad argument #2 to 'hmac' (string expected, got nil)"),
        ("crypto.hmac('md5', 'k')", "bad argument #3 to 'hmac' (string expected, got no value)"),
        ("crypto.random(-1)", "bad argument #1 to 'random' (from 0 to 1048576 bytes expected)"),
        ("crypto.random((1 << 20) + 1)", "bad argument #1 to 'random' (from 0 to 1048576 bytes expected)"),
        ("crypto.random(1.5)", "bad argument #1 to 'random' (number has no integer representation)"),
        ("crypto.random('x')", "bad argument #1 to 'random' (number expected, got string)"),
        (
            "crypto.md5(setmetatable({}, {__tostring = function() return 'x' end}))",
            "bad argument #1 to 'md5' (string expected, got table)",
        ),
        ("crypto.md5(json.null)", "bad argument #1 to 'md5' (string expected, got json.null)"),
        ("crypto:md5('x')", "calling 'md5' on bad self (string expected, got table)"),
        ("crypto.hmac({}, 'k', 't')", "bad argument #1 to 'hmac' (string expected, got table)"),
        ("crypto.random(0/0)", "bad argument #1 to 'random' (number has no integer representation)"),
        ("crypto.equal('a')", "bad argument #2 to 'equal' (string expected, got no value)"),
    ]);
}
