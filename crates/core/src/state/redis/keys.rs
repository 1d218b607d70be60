//! The keys of Redis that hold State. All begin with `{prefix:`; what is in braces decides on which node of a cluster a key
//! is, so that a space is on one.
//!
//! | key | type | is |
//! |---|---|---|
//! | `{prefix:id}:v` | hash | the values of a space by name, as JSON text; after `@`, if the entry expires. The field `''` is how many bytes all entries count |
//! | `{prefix:id}:k` | sorted set | the names of a space, all with score 0: in byte order |
//! | `{prefix:id}:t` | sorted set | when which of them expire, in ms since 1970 |
//! | `{prefix:name}:n` | sorted set | who may have an entry of this name, and until when |
//! | `{prefix:}:g` | hash | the grants; the field `''` is another after each change |
//!
//! One Redis key for each entry would let Redis expire it, but without telling: the quota and the size would count what is
//! gone, and names would be left over. So a space knows when its entries expire, by Redis's clock, and every script drops
//! those that have before it counts. The keys of a space all of whose entries expire carry the time of the last of them, so
//! that Redis removes what nobody asks for any more.

use crate::state::ScriptId;
use std::fmt::Write as _;

/// What makes keys: the prefix.
pub(super) struct Keys {
    prefix: String,
}

/// The keys of one space, as the scripts want them.
pub(super) type SpaceKeys = [String; 3];

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// `{prefix:name}:kind`. The last colon in the braces ends the prefix: none is left in the name.
    fn key(&self, name: &str, kind: char) -> String {
        let mut key = String::with_capacity(self.prefix.len() + name.len() + 5);
        key.push('{');
        key.push_str(&self.prefix);
        key.push(':');
        for c in name.chars() {
            match c {
                '%' | ':' | '{' | '}' => _ = write!(key, "%{:02X}", c as u32),
                c => key.push(c),
            }
        }
        key.push_str("}:");
        key.push(kind);
        key
    }

    /// The values of a space.
    pub(super) fn values(&self, owner: &ScriptId) -> String {
        self.key(owner.as_str(), 'v')
    }

    /// All keys of a space.
    pub(super) fn space(&self, owner: &ScriptId) -> SpaceKeys {
        let values = self.values(owner);
        let of_kind = |kind| [&values[..values.len() - 1], kind].concat();
        let (names, times) = (of_kind("k"), of_kind("t"));
        [values, names, times]
    }

    /// The index of a name.
    pub(super) fn index(&self, name: &str) -> String {
        self.key(name, 'n')
    }

    /// The grants.
    pub(super) fn grants(&self) -> String {
        self.key("", 'g')
    }

    /// The pattern of Redis that fits the values of every space, and keys that look like them.
    pub(super) fn all_values(&self) -> String {
        let mut pattern = "{".to_owned();
        for c in self.prefix.chars() {
            if matches!(c, '*' | '?' | '[' | ']' | '\\' | '^' | '-') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        pattern.push_str(":*}:v");
        pattern
    }

    /// Whose values a key has.
    pub(super) fn owner(&self, key: &str) -> Option<ScriptId> {
        let name = key.strip_prefix('{')?.strip_prefix(&*self.prefix)?.strip_prefix(':')?.strip_suffix("}:v")?;
        if name.contains([':', '{', '}']) {
            return None;
        }
        let mut parts = name.split('%');
        let mut id = parts.next()?.to_owned();
        for part in parts {
            id.push(char::from(u8::from_str_radix(part.get(..2)?, 16).ok()?));
            id.push_str(&part[2..]);
        }
        ScriptId::new(&id).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_whose_it_is_whatever_the_names() {
        let ids = ["a", ":", "{", "}", "a:b", "%3A", "{a}", "\u{e4}%", "a}:v"].map(|id| ScriptId::new(id).unwrap());
        let mut seen = std::collections::HashSet::new();
        for prefix in ["p", "p:", "p:a", ":"] {
            let keys = Keys::new(prefix);
            for id in &ids {
                for key in keys.space(id).into_iter().chain([keys.index(id.as_str())]) {
                    assert!(seen.insert(key.clone()), "{key}");
                    assert_eq!((key.matches('{').count(), key.matches('}').count()), (1, 1), "{key}");
                }
                assert_eq!(keys.owner(&keys.values(id)).as_ref(), Some(id));
            }
            assert!(seen.insert(keys.grants()));
        }
        assert_eq!(Keys::new("p").owner(&Keys::new("p:a").values(&ids[0])), None, "another prefix's");
        assert_eq!(Keys::new("p:prod").space(&ids[0])[0], "{p:prod:a}:v");
        assert_eq!(Keys::new("a*[?").all_values(), "{a\\*\\[\\?:*}:v");
    }
}
