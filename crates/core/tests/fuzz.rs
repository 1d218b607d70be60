//! Fuzzing: a few seconds with a fixed seed, or `MOONPOOL_FUZZ_SECONDS=n` per target with fresh seeds (`npm run fuzz`).

#[path = "common/child.rs"]
mod child;
mod common;
#[path = "fuzz/differential.rs"]
mod differential;
#[path = "common/generate.rs"]
mod generate;
#[path = "fuzz/json.rs"]
mod json;
#[path = "fuzz/sources.rs"]
mod sources;
#[path = "fuzz/state_keys.rs"]
mod state_keys;

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// The seed of the short run.
const SEED: u64 = 0x6d6f_6f6e_706f_6f6c;

/// Checks `cases` values of `strategy`; in a long run so many again and again, each time with a fresh seed.
/// A failure is shrunk and printed with its seed, which `MOONPOOL_FUZZ_SEED` takes.
fn fuzz<S: Strategy>(cases: u32, strategy: S, check: impl Fn(S::Value) -> Result<(), TestCaseError>)
where
    S::Value: std::fmt::Debug,
{
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a whole number"));
    let deadline = number("MOONPOOL_FUZZ_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let given = number("MOONPOOL_FUZZ_SEED");
    let mut rounds = 0;
    loop {
        let seed = given.unwrap_or_else(|| deadline.map_or(SEED, |_| RandomState::new().hash_one(0_u8)));
        let config = ProptestConfig {
            cases,
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(seed),
            max_shrink_iters: 4096,
            max_shrink_time: 60_000,
            ..ProptestConfig::default()
        };
        if deadline.is_some() && rounds == 0 {
            println!("{}: first seed {seed}", std::thread::current().name().unwrap_or_default());
        }
        if let Err(error) = TestRunner::new(config).run(&strategy, &check) {
            panic!("{error}\nagain with: MOONPOOL_FUZZ_SEED={seed}");
        }
        rounds += 1;
        if given.is_some() || deadline.is_none_or(|deadline| Instant::now() > deadline) {
            return;
        }
    }
}

/// The child of [`sources`]: runs sources one after another.
#[test]
#[ignore = "the child process of the other tests"]
fn child_process() {
    child::serve(sources::answer);
}

#[test]
fn a_failing_case_is_shrunk_and_named_with_its_seed() {
    let failure = std::panic::catch_unwind(|| {
        fuzz(200, prop::collection::vec(0..100_u8, 0..20), |bytes| {
            prop_assert!(bytes.iter().all(|&byte| byte < 50));
            Ok(())
        });
    });
    let message = *failure.expect_err("it fails").downcast::<String>().expect("a message");
    assert!(message.contains("minimal failing input: [\n    50,\n]"), "{message}");
    assert!(message.contains("MOONPOOL_FUZZ_SEED="), "{message}");
}
