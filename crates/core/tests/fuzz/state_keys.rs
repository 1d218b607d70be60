//! State keys are bytes that are stored, found and listed exactly as they are, or refused.

use crate::common::{execute, script};
use crate::fuzz;
use crate::generate::{lua_string, texts};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn keys() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => texts().prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..6),
        1 => (508..516_usize, any::<bool>()).prop_map(|(len, wide)| {
            if wide { "é".repeat(len / 2).into_bytes() } else { vec![b'k'; len] }
        }),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn keys_are_their_bytes() {
    fuzz(300, prop::collection::vec(keys(), 1..10), |keys| {
        let mut wanted = String::new();
        let mut stored = BTreeMap::new();
        for (i, key) in keys.iter().enumerate() {
            let good = (1..=512).contains(&key.len()) && std::str::from_utf8(key).is_ok();
            wanted += if good { "stored\n" } else { "ERR_STATE_VALUE\n" };
            if good {
                stored.insert(key.clone(), i + 1);
            }
        }
        for (key, value) in &stored {
            wanted += &format!("{}\t{value}\ttrue\n", hex(key));
        }
        let literals: Vec<_> = keys.iter().map(|key| lua_string(key)).collect();
        let source = format!(
            "for i, key in ipairs{{{}}} do
              local ok, e = pcall(State.set, key, i) print(ok and 'stored' or e.code)
            end
            for _, key in ipairs(State.list()) do
              print((key:gsub('.', function(c) return ('%02x'):format(c:byte()) end)), State.get(key), State.has(key))
            end
            for _, key in ipairs(State.list()) do State.delete(key) end
            assert(next(State.list()) == nil)",
            literals.join(", ")
        );
        let answer = execute(script(&source)).map_err(|failure| TestCaseError::fail(format!("{failure:?}")))?;
        prop_assert_eq!(answer, wanted);
        Ok(())
    });
}
