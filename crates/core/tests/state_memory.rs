//! What State in memory takes is about what it counts towards the quota, at most.

#[path = "common/allocator.rs"]
#[allow(unreachable_pub)]
mod allocator;
use allocator::held;
use moonpool_core::state::{Expiry, MemoryStore, Op, Request, Response, ScriptId, Store, Write};
use std::time::Duration;

const SPACES: usize = 100;
const EACH: usize = 1000;

/// How many bytes an entry takes, and how many it counts, on average.
fn sizes(expiry: Expiry, value: &str) -> (usize, usize) {
    let (before, store) = (held(), MemoryStore::default());
    let ask = |space: usize, op| {
        let owner = ScriptId::new(&format!("id-{space}")).expect("an id");
        store.now(&Request { owner, quota: 1 << 30, op }).expect("an answer").response.expect("room")
    };
    let mut counted = 0;
    for space in 0..SPACES {
        for entry in 0..EACH {
            ask(space, Op::Write(Write { expiry, ..Write::put(format!("key-{entry}"), value) }));
        }
        let Response::Size { bytes, .. } = ask(space, Op::Size) else { panic!("a size") };
        counted += bytes;
    }
    ((held() - before) / (SPACES * EACH), counted / (SPACES * EACH))
}

// One test, as others would allocate meanwhile.
#[test]
fn an_entry_takes_about_what_it_counts_at_most_and_a_small_one_200_bytes_at_most() {
    for (expiry, value) in [
        (Expiry::Never, "1"),
        (Expiry::In(Duration::from_secs(1000)), "1"),
        (Expiry::Never, "\"a string of some thirty bytes\""),
    ] {
        let (taken, counted) = sizes(expiry, value);
        println!("{expiry:?}, {value}: {taken} bytes taken, {counted} counted");
        // One that expires has a place in the order of that, too: a few bytes more.
        assert!(taken * 100 <= counted * 105, "{expiry:?}, {value}: {taken} taken, {counted} counted");
        assert!(taken <= 200 || value.len() > 1 || expiry != Expiry::Never, "{taken}");
    }
}
