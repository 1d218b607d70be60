//! Numbers inside of JSON values: adding to them, and when two values are equal.

use super::StoreError;

/// A number, as Lua has them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer of 64 bits.
    Integer(i64),
    /// A finite float.
    Float(f64),
}

impl Number {
    /// The number that a JSON text is.
    ///
    /// # Errors
    /// [`StoreError::NotANumber`], which names what it is instead.
    pub fn parse(json: &str) -> Result<Self, StoreError> {
        let other = match json.as_bytes().first() {
            Some(b'"') => "string",
            Some(b'{' | b'[') => "table",
            Some(b't' | b'f') => "boolean",
            Some(b'n') => "json.null",
            _ => {
                return json
                    .parse()
                    .map(Self::Integer)
                    .or_else(|_| json.parse().map(Self::Float))
                    .map_err(|_| StoreError::NotANumber("value that does not read"));
            }
        };
        Err(StoreError::NotANumber(other))
    }

    /// The sum, as Lua adds; but integers never wrap around.
    ///
    /// # Errors
    /// [`StoreError::OutOfRange`].
    pub fn plus(self, other: Self) -> Result<Self, StoreError> {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a.checked_add(b).map(Self::Integer),
            (a, b) => Some(a.as_float() + b.as_float()).filter(|sum| sum.is_finite()).map(Self::Float),
        }
        .ok_or(StoreError::OutOfRange)
    }

    /// Its JSON text: a float has a point or an exponent.
    pub fn to_json(self) -> String {
        match self {
            Self::Integer(n) => n.to_string(),
            // A finite float has a text.
            Self::Float(n) => serde_json::to_string(&n).unwrap_or_default(),
        }
    }

    fn as_float(self) -> f64 {
        match self {
            Self::Integer(n) => n as f64,
            Self::Float(n) => n,
        }
    }

    /// Whether both are the same number, as `==` says in Lua.
    fn equals(self, other: Self) -> bool {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            // An integer equals a float when the float is exactly that integer.
            (Self::Integer(i), Self::Float(f)) | (Self::Float(f), Self::Integer(i)) => {
                (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&f)
                    && f.fract() == 0.0
                    && f as i64 == i
            }
        }
    }
}

/// Whether two JSON texts, both as [`crate::value`] writes them, are the same value: numbers as Lua compares them.
///
/// Keys are sorted and there is no space, so only numbers have several spellings.
pub fn equal(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() && !b.is_empty() {
        let (token_a, token_b) = (token(a), token(b));
        if token_a != token_b {
            let number = |token| std::str::from_utf8(token).ok().and_then(|text| Number::parse(text).ok());
            match (number(token_a), number(token_b)) {
                (Some(x), Some(y)) if x.equals(y) => {}
                _ => return false,
            }
        }
        (a, b) = (&a[token_a.len()..], &b[token_b.len()..]);
    }
    a.is_empty() && b.is_empty()
}

/// The token that a JSON text without spaces begins with: a string, a number, or one byte of anything else.
fn token(text: &[u8]) -> &[u8] {
    let len = match text[0] {
        b'"' => {
            let mut end = 1;
            while end < text.len() && text[end] != b'"' {
                end += if text[end] == b'\\' { 2 } else { 1 };
            }
            end + 1
        }
        b'-' | b'0'..=b'9' => {
            text.iter().position(|c| !matches!(c, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')).unwrap_or(text.len())
        }
        _ => 1,
    };
    &text[..len.min(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_equal_when_their_numbers_are() {
        for (a, b) in [
            ("1", "1.0"),
            ("{\"a\":[1,2.0]}", "{\"a\":[1.0,2]}"),
            ("0", "-0.0"),
            ("1e2", "100"),
            ("\"1\\\"\"", "\"1\\\"\""),
            ("9007199254740993", "9007199254740993"),
        ] {
            assert!(equal(a, b) && equal(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("1", "2"),
            ("\"1\"", "\"1.0\""),
            ("\"1\"", "1"),
            ("[1]", "[1,1]"),
            ("[1", "[1]"),
            ("{\"a\":1}", "{\"b\":1}"),
            ("9007199254740993", "9007199254740992.0"),
            ("9223372036854775807", "9223372036854775808.0"),
            ("true", "false"),
            ("", "1"),
        ] {
            assert!(!equal(a, b) && !equal(b, a), "{a} {b}");
        }
    }

    #[test]
    fn sums_are_luas_but_do_not_wrap_around() {
        use Number::{Float, Integer};
        assert_eq!(Integer(1 << 53).plus(Integer(1)), Ok(Integer((1 << 53) + 1)));
        assert_eq!(Integer(i64::MAX).plus(Integer(1)), Err(StoreError::OutOfRange));
        assert_eq!(Integer(i64::MIN).plus(Integer(-1)), Err(StoreError::OutOfRange));
        assert_eq!(Integer(1).plus(Float(0.5)), Ok(Float(1.5)));
        assert_eq!(Float(f64::MAX).plus(Float(f64::MAX)), Err(StoreError::OutOfRange));
        assert_eq!((Float(1.0).to_json(), Integer(1).to_json()), ("1.0".into(), "1".into()));
        assert_eq!(Number::parse("\"1\""), Err(StoreError::NotANumber("string")));
        assert_eq!((Number::parse("7"), Number::parse("7.0")), (Ok(Integer(7)), Ok(Float(7.0))));
    }
}
