//! What runs told, as a test reads it.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

/// What a run told: output as it is, and entries as `level chunk:line message fields`.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Output(String),
    Entry(String),
}

/// What is in frames.
pub fn read(mut frames: &[u8]) -> Vec<Said> {
    let mut said = Vec::new();
    while !frames.is_empty() {
        let size = number(&mut frames);
        let (mut list, rest) = frames.split_at(size);
        frames = rest;
        let count = number(&mut list);
        let values: Vec<_> = (0..count).map(|_| value(&mut list)).collect();
        assert!(list.is_empty(), "a list has no more than its values");
        said.push(match &values[..] {
            [text] => Said::Output(text.clone()),
            [time, level, chunk, line, message, fields] => {
                assert!(time.parse::<f64>().expect("a number") > 1.6e12, "{time} is a time in ms");
                let level = ["debug", "info", "warn", "error"][level.parse::<usize>().expect("a level")];
                Said::Entry(format!("{level} {chunk}:{line} {message} {fields}"))
            }
            other => panic!("{other:?} is neither output nor an entry"),
        });
    }
    said
}

/// The entries among it.
pub fn entries(said: &[Said]) -> Vec<&str> {
    said.iter().filter_map(|said| if let Said::Entry(entry) = said { Some(&**entry) } else { None }).collect()
}

/// The output among it, as one text.
pub fn output(said: &[Said]) -> String {
    said.iter().filter_map(|said| if let Said::Output(text) = said { Some(&**text) } else { None }).collect()
}

fn value(list: &mut &[u8]) -> String {
    match take(list, 1)[0] {
        0 => "-".to_owned(),
        1 => "false".to_owned(),
        2 => "true".to_owned(),
        3 => i64::from_le_bytes(take(list, 8).try_into().expect("8 bytes")).to_string(),
        4 => f64::from_le_bytes(take(list, 8).try_into().expect("8 bytes")).to_string(),
        5 | 14 => text(list),
        7 => "null".to_owned(),
        8 => {
            let values: Vec<_> = (0..number(list)).map(|_| value(list)).collect();
            format!("[{}]", values.join(","))
        }
        9 => {
            let members: Vec<_> = (0..number(list)).map(|_| format!("{}={}", text(list), value(list))).collect();
            format!("{{{}}}", members.join(","))
        }
        12 => {
            let keys: Vec<_> = (0..number(list)).map(|_| text(list)).collect();
            let members: Vec<_> = keys.into_iter().map(|key| format!("{key}={}", value(list))).collect();
            format!("{{{}}}", members.join(","))
        }
        tag => panic!("an unknown tag {tag}"),
    }
}

fn text(list: &mut &[u8]) -> String {
    let size = number(list);
    String::from_utf8(take(list, size).to_vec()).expect("text is UTF-8")
}

fn number(bytes: &mut &[u8]) -> usize {
    u32::from_le_bytes(take(bytes, 4).try_into().expect("4 bytes")) as usize
}

fn take<'a>(bytes: &mut &'a [u8], size: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(size);
    *bytes = rest;
    taken
}
