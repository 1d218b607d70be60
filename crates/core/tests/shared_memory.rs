//! What a shared dictionary takes in memory is no more than what it counts.

#[path = "common/allocator.rs"]
#[allow(unreachable_pub)]
mod allocator;
use allocator::held;
use moonpool_core::shared::{Dict, End, Limits, Value, When};

/// How many bytes a dictionary takes, and how many it counts, after `fill`.
fn sizes(fill: impl Fn(&Dict)) -> (usize, usize) {
    let dict = Dict::new(Limits { items: usize::MAX, bytes: 1 << 30 });
    let before = held();
    fill(&dict);
    (held() - before, dict.capacity() - dict.free_space())
}

// One test, as others would allocate meanwhile.
#[test]
fn what_is_counted_is_what_is_taken_at_most() {
    let of_length = |length: usize| match length {
        0 => Value::Integer(1),
        length => Value::String(vec![b'x'; length].into()),
    };
    let set = |dict: &Dict, n: usize, value: Value| {
        let _ = dict.store(When::Always, false, n.to_string().as_bytes(), Some(value), 0, 0);
    };
    for entries in [1, 29_000, 57_400] {
        for length in [0, 17] {
            let (taken, counted) = sizes(|dict| (0..entries).for_each(|n| set(dict, n, of_length(length))));
            // The first entry of each shard brings a small table along.
            assert!(taken <= counted + 100_000, "{entries} of {length} bytes: {taken} taken, {counted} counted");
            assert!(
                entries == 1 || counted < taken * 3,
                "{entries} of {length} bytes: {taken} taken, {counted} counted"
            );
        }
    }
    for lists in [1_usize, 10_000] {
        for elements in [1_usize, 3, 5, 200, 300].into_iter().filter(|elements| lists * elements < 100_000) {
            for length in [0, 20] {
                let fill = |dict: &Dict| {
                    for n in 0..lists * elements {
                        dict.push((n % lists).to_string().as_bytes(), End::Right, &of_length(length)).expect("room");
                    }
                };
                let (taken, counted) = sizes(fill);
                assert!(taken <= counted + 100_000, "{lists} lists of {elements}: {taken} taken, {counted} counted");
                // Lists that were long.
                let (taken, counted) = sizes(|dict| {
                    fill(dict);
                    for n in 0..lists * (elements - 1) {
                        dict.pop((n % lists).to_string().as_bytes(), End::Left).expect("a list");
                    }
                });
                assert!(
                    taken <= counted + 100_000,
                    "{lists} lists that had {elements}: {taken} taken, {counted} counted"
                );
            }
        }
    }
}
