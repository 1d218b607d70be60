//! What a run tells the host while it runs: what it logs, and what it writes, where that is to come as it is written.
//!
//! It is gathered while the run has a worker, and goes to the host with the end of the slice. lib/telling.js has the other
//! side.

use super::{Context, short_name};
use crate::memory::{Budget, Killed};
use crate::value::List;
use std::time::{SystemTime, UNIX_EPOCH};

/// How much a log entry matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Of use to who looks for a mistake.
    Debug,
    /// What happens.
    Info,
    /// What should not happen.
    Warn,
    /// What went wrong.
    Error,
    /// No entry has it.
    Silent,
}

impl Level {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Silent];
}

/// What a run tells the host while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Telling {
    /// The least level of what is logged.
    pub level: Level,
    /// Bytes that its log entries may take.
    pub max_log: usize,
    /// Whether what it writes is told as it is written, instead of being gathered.
    pub streams: bool,
}

impl Default for Telling {
    fn default() -> Self {
        Self { level: Level::Info, max_log: 64 << 10, streams: false }
    }
}

/// What a run has told, in frames: the bytes of a list behind their number in 4 bytes. A list of one text is output; one of
/// six values is a log entry: its time in ms, its level, the chunk if that is not the run's own, the line, the message and
/// the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What may leave at once.
    pub frames: Vec<u8>,
    /// Output that may not leave before what the run depends on is durable.
    pub output: Vec<u8>,
}

impl Told {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.output.is_empty()
    }
}

/// What a log entry says.
pub(crate) struct Entry<'a> {
    pub(crate) level: Level,
    /// The chunk and line of the call, if they are known.
    pub(crate) place: Option<(String, u32)>,
    pub(crate) message: &'a [u8],
    pub(crate) fields: Fields,
}

/// The fields of a log entry.
pub(crate) enum Fields {
    None,
    /// A list of one value.
    Given(Vec<u8>),
    /// They do not cross: why.
    Lost(String),
}

/// What is gathered of it.
#[derive(Default)]
pub(super) struct Gathered {
    frames: Vec<u8>,
    /// Bytes of output that are in frames, or have left.
    pub(super) streamed: usize,
    /// What the log entries took.
    logged: usize,
    /// How many were not taken, once one was not.
    dropped: u64,
}

/// What every entry counts beside its texts and its fields.
const ENTRY: usize = 64;

/// How many bytes stand before a frame, and before the values of a list.
const SIZE: usize = size_of::<u32>();

impl Context {
    /// Whether an entry of this level is logged; if no room for it is left, that is counted.
    pub(crate) fn takes_entry(&self, level: Level) -> bool {
        if level < self.telling.level {
            return false;
        }
        let gathered = &mut *self.gathered.borrow_mut();
        if gathered.dropped > 0 {
            gathered.dropped += 1;
        }
        gathered.dropped == 0
    }

    /// The most bytes of the message of an entry, and the most that its fields may take: neither fills the log alone.
    pub(crate) fn longest_entry(&self) -> (usize, usize) {
        (self.telling.max_log / 4, self.telling.max_log / 2)
    }

    /// Logs an entry.
    ///
    /// # Errors
    /// When the run is being killed.
    pub(crate) fn log(&self, entry: Entry) -> Result<(), Killed> {
        self.budget.check()?;
        let message = shortened(entry.message, self.longest_entry().0);
        let takes = match &entry.fields {
            Fields::None => 0,
            Fields::Given(list) => list.len(),
            Fields::Lost(reason) => reason.len(),
        };
        let gathered = &mut *self.gathered.borrow_mut();
        let logged = gathered.logged + ENTRY + message.len() + takes;
        if logged > self.telling.max_log {
            gathered.dropped = 1;
            return Ok(());
        }
        // What was written before comes before it.
        if self.telling.streams {
            let output = &mut *self.output.borrow_mut();
            if let Some(list) = gathered.complete(output, &self.budget, false) {
                frame(&self.budget, &mut gathered.frames, &list)?;
            }
        }
        frame(&self.budget, &mut gathered.frames, &self.listed(entry, &message))?;
        gathered.logged = logged;
        Ok(())
    }

    fn listed(&self, Entry { level, place, fields, .. }: Entry, message: &str) -> Vec<u8> {
        let mut list = head(level);
        let (chunk, line) = place.unzip();
        match chunk.filter(|chunk| *chunk != short_name(&self.name)) {
            Some(chunk) => list.text(&chunk),
            None => list.nil(),
        }
        match line {
            Some(line) => list.integer(line.into()),
            None => list.nil(),
        }
        list.text(message);
        match fields {
            Fields::None => list.nil(),
            Fields::Given(values) => list.values_of(&values),
            Fields::Lost(reason) => list.object("logError", &reason),
        }
        list.done()
    }

    /// What the run has told since this was last asked, counted no longer. When it has `ended`, that is all of it.
    pub(crate) fn take_told(&self, ended: bool) -> Told {
        let gathered = &mut *self.gathered.borrow_mut();
        let has_output = self.telling.streams && !self.output.borrow().is_empty();
        if gathered.frames.is_empty() && !has_output && (gathered.dropped == 0 || !ended) {
            return Told::default();
        }
        let mut frames = std::mem::take(&mut gathered.frames);
        self.budget.release(frames.capacity());
        if has_output && let Some(list) = gathered.complete(&mut self.output.borrow_mut(), &self.budget, ended) {
            push_frame(&mut frames, &list);
        }
        if ended && gathered.dropped > 0 {
            push_frame(&mut frames, &dropped(gathered.dropped, self.telling.max_log));
        }
        if self.depends() == crate::state::Depends::default() {
            return Told { frames, output: Vec::new() };
        }
        split(&frames)
    }
}

impl Gathered {
    /// What was written, as a list of a text that ends with a character, or wherever all has `ended`; the rest stays.
    fn complete(&mut self, output: &mut Vec<u8>, budget: &Budget, ended: bool) -> Option<Vec<u8>> {
        let rest = if ended { 0 } else { incomplete(output) };
        let bytes = output.len() - rest;
        if bytes == 0 {
            return None;
        }
        let mut list = List::new();
        list.text(&String::from_utf8_lossy(&output[..bytes]));
        self.streamed += bytes;
        let tail = output.split_off(bytes);
        budget.release(output.capacity());
        // A few bytes; the room for them was there just now.
        let _ = budget.hold(tail.capacity());
        *output = tail;
        Some(list.done())
    }
}

/// How many bytes at the end are the beginning of a character.
fn incomplete(bytes: &[u8]) -> usize {
    let last = (1..=bytes.len().min(3)).find(|n| bytes[bytes.len() - n] & 0xC0 != 0x80);
    last.filter(|n| std::str::from_utf8(&bytes[bytes.len() - n..]).is_err_and(|e| e.error_len().is_none())).unwrap_or(0)
}

/// A message of at most so many bytes, and how long it was.
fn shortened(message: &[u8], longest: usize) -> String {
    if message.len() <= longest {
        return String::from_utf8_lossy(message).into_owned();
    }
    let cut = &message[..longest];
    let cut = &cut[..cut.len() - incomplete(cut)];
    format!("{}... (cut from {} bytes)", String::from_utf8_lossy(cut), message.len())
}

/// The beginning of an entry.
fn head(level: Level) -> List {
    let mut list = List::new();
    list.float(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as f64);
    list.integer(level as i64);
    list
}

/// The entry that says how many were dropped.
fn dropped(count: u64, max_log: usize) -> Vec<u8> {
    let (entries, were) = if count == 1 { ("entry", "was") } else { ("entries", "were") };
    let mut list = head(Level::Warn);
    list.nil();
    list.nil();
    list.text(&format!("{count} log {entries} {were} dropped: the run has used up its maxLog of {max_log} bytes"));
    list.nil();
    list.done()
}

fn frame(budget: &Budget, frames: &mut Vec<u8>, list: &[u8]) -> Result<(), Killed> {
    let end = frames.len();
    let size = (list.len() as u32).to_le_bytes();
    let added = budget.extend(frames, &size).and_then(|()| budget.extend(frames, list));
    if added.is_err() {
        // What was told before is still told.
        frames.truncate(end);
    }
    added
}

fn push_frame(frames: &mut Vec<u8>, list: &[u8]) {
    frames.extend((list.len() as u32).to_le_bytes());
    frames.extend(list);
}

/// Takes output and log entries apart.
fn split(frames: &[u8]) -> Told {
    let (mut told, mut left) = (Told::default(), frames);
    while left.len() > SIZE {
        let [size, count] = [0, SIZE].map(|at| u32::from_le_bytes(std::array::from_fn(|i| left[at + i])));
        let (frame, rest) = left.split_at(SIZE + size as usize);
        if count == 1 { &mut told.output } else { &mut told.frames }.extend(frame);
        left = rest;
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_become_a_character_is_incomplete() {
        for (bytes, wanted) in [
            (&b""[..], 0),
            (b"abc", 0),
            ("é".as_bytes(), 0),
            (b"a\xC3", 1),
            (b"\xE2\x82", 2),
            (b"x\xF0\x9F\x98", 3),
            ("😀".as_bytes(), 0),
            (b"\xFF", 0),
            (b"\xC0", 0),
            (b"\x80\x80\x80\x80", 0),
            (b"\xE2\x41", 0),
            (b"\xED\xA0", 0),
            (b"\xF4\x90", 0),
        ] {
            assert_eq!(incomplete(bytes), wanted, "{bytes:x?}");
        }
    }

    #[test]
    fn a_message_that_is_cut_says_so_and_ends_with_a_character() {
        assert_eq!(shortened(b"abcd", 4), "abcd");
        assert_eq!(shortened("aé€".as_bytes(), 5), "aé... (cut from 6 bytes)");
        assert_eq!(shortened(b"\xFFabc", 3), "\u{fffd}ab... (cut from 4 bytes)");
    }
}
