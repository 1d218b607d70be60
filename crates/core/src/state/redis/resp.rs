//! Reads the server's answers, as its protocol RESP2 writes them, from bytes that come in pieces of any size.
//!
//! The client library reads them too, with parser combinators; that alone took as long as everything else about an
//! operation. The protocol: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

use redis::Value;

/// What a server sends is no more than this, by its own limit.
const LONGEST_STRING: usize = 512 << 20;

/// A line that says what follows, or is text itself, is no longer.
const LONGEST_LINE: usize = 64 << 10;

/// Our scripts answer with lists of lists of text.
const DEEPEST: usize = 8;

/// So much of a long list is made room for before its parts are there.
const ROOM: usize = 1024;

/// Answers that are coming in.
#[derive(Default)]
pub(super) struct Reader {
    bytes: Vec<u8>,
    /// Where what is not read yet begins.
    at: usize,
    /// The lists that are not complete: how many parts each still lacks, and those that are there.
    lists: Vec<(usize, Vec<Value>)>,
}

impl Reader {
    /// Takes what has come in.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        // Everything is read mostly; else what is left is moved when it is the smaller part.
        if self.at > self.bytes.len() / 2 {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next answer, once it is complete.
    ///
    /// # Errors
    /// What is wrong with what came in: it is no answer of Redis.
    pub(super) fn next(&mut self) -> Result<Option<Value>, String> {
        while let Some(part) = self.part()? {
            let mut value = match part {
                Part::Value(value) => value,
                Part::List(length) => {
                    if self.lists.len() == DEEPEST {
                        return Err(format!("lists nested more than {DEEPEST} deep"));
                    }
                    self.lists.push((length, Vec::with_capacity(length.min(ROOM))));
                    continue;
                }
            };
            // It may complete the list that it is in, and that list another.
            loop {
                let Some((lacking, values)) = self.lists.last_mut() else { return Ok(Some(value)) };
                values.push(value);
                *lacking -= 1;
                if *lacking > 0 {
                    break;
                }
                value = self.lists.pop().map_or(Value::Nil, |(_, values)| Value::Array(values));
            }
        }
        Ok(None)
    }

    /// The next value, or beginning of a list, if it is there.
    fn part(&mut self) -> Result<Option<Part>, String> {
        let rest = &self.bytes[self.at..];
        let Some(end) = rest.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n') else {
            return if rest.len() < LONGEST_LINE { Ok(None) } else { Err("a line that does not end".to_owned()) };
        };
        let Some((kind, line)) = rest[..end].strip_suffix(b"\r").and_then(<[u8]>::split_first) else {
            return Err("an empty line".to_owned());
        };
        let mut used = end + 1;
        let value = match kind {
            b'$' => match length(line)? {
                None => Value::Nil,
                Some(length) if length > LONGEST_STRING => return Err(format!("a string of {length} bytes")),
                Some(length) => {
                    let Some(text) = rest.get(used..used + length + 2) else { return Ok(None) };
                    let Some(text) = text.strip_suffix(b"\r\n") else {
                        return Err("a string that is longer than it says".to_owned());
                    };
                    used += length + 2;
                    Value::BulkString(text.to_vec())
                }
            },
            b':' => Value::Int(number(line)?),
            b'*' => match length(line)? {
                None => Value::Nil,
                Some(0) => Value::Array(Vec::new()),
                Some(length) => {
                    self.at += used;
                    return Ok(Some(Part::List(length)));
                }
            },
            b'+' if line == b"OK" => Value::Okay,
            // Seldom, and the library knows the codes of errors.
            b'+' | b'-' => redis::parse_redis_value(&rest[..used]).map_err(|error| error.to_string())?,
            other => return Err(format!("an answer of the kind {:?}", char::from(*other))),
        };
        self.at += used;
        Ok(Some(Part::Value(value)))
    }
}

/// What stands at one place.
enum Part {
    Value(Value),
    /// A list of so many values, at least one.
    List(usize),
}

fn number(line: &[u8]) -> Result<i64, String> {
    let number = std::str::from_utf8(line).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| format!("no number: {}", String::from_utf8_lossy(&line[..line.len().min(32)])))
}

/// A length; none for what is not there.
fn length(line: &[u8]) -> Result<Option<usize>, String> {
    match number(line)? {
        -1 => Ok(None),
        length => usize::try_from(length).map(Some).map_err(|_| format!("a length of {length}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(reader: &mut Reader) -> Vec<Value> {
        std::iter::from_fn(|| reader.next().expect("answers of Redis")).collect()
    }

    fn answer() -> impl Strategy<Value = Vec<u8>> {
        let text = |text: Vec<u8>| [format!("${}\r\n", text.len()).as_bytes(), &text, b"\r\n"].concat();
        let leaf = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40).prop_map(text),
            any::<i64>().prop_map(|n| format!(":{n}\r\n").into_bytes()),
            Just(b"$-1\r\n".to_vec()),
            Just(b"*-1\r\n".to_vec()),
            Just(b"+OK\r\n".to_vec()),
            Just(b"+PONG\r\n".to_vec()),
            Just(b"-NOSCRIPT No matching script.\r\n".to_vec()),
            Just(b"-OOM command not allowed\r\n".to_vec()),
        ];
        leaf.prop_recursive(4, 30, 6, |inner| {
            prop::collection::vec(inner, 0..6)
                .prop_map(|parts| [format!("*{}\r\n", parts.len()).into_bytes(), parts.concat()].concat())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn answers_in_pieces_are_what_the_library_reads_at_once(
            answers in prop::collection::vec(answer(), 1..8),
            pieces in prop::collection::vec(1..30usize, 1..20),
        ) {
            let wanted: Vec<Value> =
                answers.iter().map(|answer| redis::parse_redis_value(answer).expect("an answer")).collect();
            let (mut reader, mut read) = (Reader::default(), Vec::new());
            let (all, mut sizes) = (answers.concat(), pieces.iter().cycle());
            let mut rest = &all[..];
            while !rest.is_empty() {
                let (piece, after) = rest.split_at((*sizes.next().expect("a size")).min(rest.len()));
                reader.take(piece);
                read.extend(values(&mut reader));
                rest = after;
            }
            prop_assert_eq!(read, wanted);
        }
    }

    #[test]
    fn what_is_no_answer_is_said() {
        for (bytes, what) in [
            (&b"HTTP/1.1 400 Bad Request\r\n"[..], "kind 'H'"),
            (b"\r\n", "empty line"),
            (b"\n", "empty line"),
            (b":ten\r\n", "no number: ten"),
            (b"$-2\r\n", "a length of -2"),
            (b"$999999999999\r\n", "a string of 999999999999 bytes"),
            (b"$1\r\nabc", "longer than it says"),
            (b"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "nested"),
            (&[b'+'; LONGEST_LINE], "does not end"),
        ] {
            let mut reader = Reader::default();
            reader.take(bytes);
            let said = reader.next().expect_err(what);
            assert!(said.contains(what), "{said}");
        }
    }

    #[test]
    fn a_list_of_a_length_that_is_a_lie_takes_no_room() {
        let mut reader = Reader::default();
        reader.take(b"*9223372036854775807\r\n:1\r\n");
        assert_eq!(reader.next(), Ok(None));
        assert!(reader.lists[0].1.capacity() <= 2 * ROOM);
    }
}
