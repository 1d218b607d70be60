//! `time`: RFC 3339 and ISO 8601, the edges of the calendar, and arguments.

use super::{holds, raises, run};

#[test]
fn now_is_the_time_with_milliseconds() {
    holds(&[
        "math.type(time.now()) == 'float' and math.abs(time.now() - os.time()) < 60",
        "time.now() * 1000 % 1 < 0.01 or time.now() * 1000 % 1 > 0.99",
        "time.iso():find('^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$') == 1",
    ]);
}

#[test]
fn monotonic_time_never_goes_back() {
    assert_eq!(
        run(
            "local a = time.monotonic() for i = 1, 1000 do local b = time.monotonic() assert(b >= a) a = b end return math.type(a)"
        ),
        "float"
    );
}

#[test]
fn iso_is_that_of_javascript() {
    holds(&[
        "time.iso(0) == '1970-01-01T00:00:00.000Z'",
        "time.iso(1715934600.25) == '2024-05-17T08:30:00.250Z'",
        "time.iso(1715934600.0006) == '2024-05-17T08:30:00.001Z'",
        "time.iso(-0.001) == '1969-12-31T23:59:59.999Z'",
        "time.iso(951782400) == '2000-02-29T00:00:00.000Z'",
        "time.iso(-2203891200) == '1900-03-01T00:00:00.000Z'",
        "time.iso(-62135596800) == '0001-01-01T00:00:00.000Z'",
        "time.iso(253402300799.999) == '9999-12-31T23:59:59.999Z'",
        "time.iso('0') == '1970-01-01T00:00:00.000Z'",
    ]);
}

#[test]
fn times_are_read_as_rfc_3339_has_them() {
    // The examples of its section 5.8.
    holds(&[
        "time.iso(time.parse('1985-04-12T23:20:50.52Z')) == '1985-04-12T23:20:50.520Z'",
        "time.iso(time.parse('1996-12-19T16:39:57-08:00')) == '1996-12-20T00:39:57.000Z'",
        "time.parse('1990-12-31T23:59:60Z') == time.parse('1991-01-01T00:00:00Z')",
        "time.parse('1990-12-31T15:59:60-08:00') == time.parse('1991-01-01T00:00:00Z')",
        "time.iso(time.parse('1937-01-01T12:00:27.87+00:20')) == '1937-01-01T11:40:27.870Z'",
        "time.parse('1970-01-01t00:00:00z') == 0",
        "time.parse('1970-01-01 00:00:01Z') == 1",
        "math.type(time.parse('1970-01-01T00:00:00Z')) == 'float'",
    ]);
}

#[test]
fn times_are_read_as_iso_8601_has_them() {
    holds(&[
        "time.parse('2024-05-17') == os.time{year = 2024, month = 5, day = 17, hour = 0} - os.time{year = 1970, month = 1, day = 1, hour = 0}",
        "time.parse('1970-01-02') == 86400 and time.parse('1969-12-31') == -86400",
        "time.parse('1970-01-01T00:01Z') == 60 and time.parse('1970-01-01T00:01+0001') == 0",
        "time.parse('1970-01-01T02:00+02') == 0 and time.parse('1970-01-01T00:00-00:00') == 0",
        "time.parse('1970-01-01T00:00:00,5Z') == 0.5",
        "time.parse('1970-01-01T00:00:00.123456789012Z') == 0.123456789",
        "time.parse('2000-02-29') == 951782400",
        "time.parse('0001-01-01') == -62135596800 and time.parse('9999-12-31T23:59:59Z') == 253402300799",
    ]);
}

#[test]
fn what_is_no_time_gives_nil_and_a_message() {
    let form = "no time as 2024-05-17T08:30:00Z, and no date as 2024-05-17";
    let refused = [
        ("", form),
        ("today", form),
        ("2024", form),
        ("2024-5-17", form),
        ("20240517", form),
        ("2024-05-17T", form),
        ("2024-05-17T08Z", form),
        ("2024-05-17T08:30:00.Z", form),
        ("2024-05-17T08:30:00Zulu", form),
        ("2024-05-17T08:30:00+2", form),
        ("2024-05-17T08:30:00+02:0", form),
        ("2024-05-17T08:30:00+02:00:00", form),
        ("2024-05-17T08:30:00 UTC", form),
        ("+02024-05-17", form),
        (" 2024-05-17", form),
        ("2024-05-17 ", form),
        ("2024-05-17\\0", form),
        ("\u{662}024-05-17", form),
        ("2024-00-17", "no such date"),
        ("2024-13-17", "no such date"),
        ("2024-05-00", "no such date"),
        ("2023-02-29", "no such date"),
        ("1900-02-29", "no such date"),
        ("2024-04-31", "no such date"),
        ("0000-01-01", "no such date"),
        ("2024-05-17T24:00:00Z", "no such time of a day"),
        ("2024-05-17T08:60:00Z", "no such time of a day"),
        ("2024-05-17T08:30:61Z", "no such time of a day"),
        ("2024-05-17T08:30:00+24:00", "no such offset"),
        ("2024-05-17T08:30:00", "which offset from UTC"),
        ("0001-01-01T00:00:00+00:01", "not in the years 1 to 9999"),
        ("9999-12-31T23:59:59-00:01", "not in the years 1 to 9999"),
        ("9999-12-31T23:59:60Z", "not in the years 1 to 9999"),
    ];
    for (text, message) in refused {
        let shown = run(&format!("return time.parse('{text}')"));
        assert!(shown.starts_with("nil\ttime: ") && shown.contains(message), "{text:?}: {shown}");
    }
    holds(&["select(2, time.parse(('2024-05-17'):rep(100000))) ~= nil"]);
}

#[test]
fn bad_arguments_are_named() {
    let range = "bad argument #1 to 'iso' (a time in the years 1 to 9999 expected)";
    raises(&[
        ("time.iso(0/0)", range),
        ("time.iso(math.huge)", range),
        ("time.iso(-math.huge)", range),
        ("time.iso(-62135596801)", range),
        ("time.iso(253402300800)", range),
        ("time.iso(253402300799.9996)", range),
        ("time.iso(math.maxinteger)", range),
        ("time.iso(nil)", "bad argument #1 to 'iso' (number expected, got nil)"),
        ("time.iso('x')", "bad argument #1 to 'iso' (number expected, got string)"),
        ("time.parse()", "bad argument #1 to 'parse' (string expected, got no value)"),
        ("time.parse({})", "bad argument #1 to 'parse' (string expected, got table)"),
    ]);
}
