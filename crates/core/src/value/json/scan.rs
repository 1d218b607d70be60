//! Looks through strings for what JSON writes as an escape, eight bytes at a time.

const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);

/// How many bytes stand before the first that is a quote, a backslash or a control character.
pub(super) fn plain(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some((eight, _)) = bytes[at..].split_first_chunk() {
        let special = specials(u64::from_le_bytes(*eight));
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + bytes[at..].iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count()
}

/// The highest bit of the first of eight bytes that are special, and perhaps of some after it.
fn specials(word: u64) -> u64 {
    // What is below 0x80 borrows from its highest bit when it is less than what is taken away; of others, that is masked.
    let below = |word: u64, least: u64| word.wrapping_sub(ONES * least) & !word & HIGH;
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    below(word, 0x20) | is(b'"') | is(b'\\')
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn every_special_byte_is_found_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            let is_special = byte < 0x20 || byte == b'"' || byte == b'\\';
            for before in 0..20 {
                for (around, after) in [(b'a', 20), (0xFF, 9), (b' ', 1), (0x80, 0)] {
                    let mut text = vec![around; before];
                    text.push(byte);
                    text.resize(before + 1 + after, around);
                    let wanted = if is_special { before } else { text.len() };
                    assert_eq!(plain(&text), wanted, "{byte} after {before} of {around}");
                }
            }
        }
    }
}
