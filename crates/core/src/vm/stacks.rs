//! Native stacks: a few unused ones for each worker, and a bound on how many there are.
//!
//! A stack takes addresses, and two of the mappings that the system allows a process. Scripts that are suspended shall not
//! take the last ones: malloc and V8 abort the process when they get none. So stacks take a quarter of the addresses that
//! are left when the first one is made, and half of the mappings, and then there are no more.

use corosensei::stack::DefaultStack;
use std::cell::RefCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the deepest recursion through C takes, with a good deal to spare; tested on so much. Touched lazily.
const SIZE: usize = 1 << 20;

/// How many unused stacks a worker keeps.
const KEPT: usize = 4;

/// How many there are in the process.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Unused stacks of one thread.
struct Unused(Vec<DefaultStack>);

thread_local! {
    static UNUSED: RefCell<Unused> = const { RefCell::new(Unused(Vec::new())) };
}

impl Drop for Unused {
    fn drop(&mut self) {
        COUNT.fetch_sub(self.0.len(), Ordering::Relaxed);
    }
}

/// A stack from this thread's pool, or a new one; nothing when there are as many as there may be, or the system has no
/// memory for one.
pub(super) fn take() -> Option<DefaultStack> {
    #[cfg(test)]
    if NO_STACKS.get() {
        return None;
    }
    UNUSED.with_borrow_mut(|unused| unused.0.pop()).or_else(|| new(most()))
}

/// Takes a stack back that is not used any more.
pub(super) fn give_back(stack: DefaultStack) {
    let too_many = UNUSED.with_borrow_mut(|unused| {
        if unused.0.len() < KEPT {
            unused.0.push(stack);
            return None;
        }
        Some(stack)
    });
    if too_many.is_some() {
        COUNT.fetch_sub(1, Ordering::Relaxed);
    }
}

fn new(most: usize) -> Option<DefaultStack> {
    if COUNT.fetch_add(1, Ordering::Relaxed) < most
        && let Ok(stack) = DefaultStack::new(SIZE)
    {
        return Some(stack);
    }
    COUNT.fetch_sub(1, Ordering::Relaxed);
    None
}

/// How many there may be, which is found out once.
fn most() -> usize {
    static MOST: OnceLock<usize> = OnceLock::new();
    *MOST.get_or_init(|| (mappings() / 4).min(addresses() / 4 / SIZE))
}

/// How many mappings the process may have.
fn mappings() -> usize {
    let setting = if cfg!(target_os = "linux") { "/proc/sys/vm/max_map_count" } else { return usize::MAX };
    std::fs::read_to_string(setting).ok().and_then(|count| count.trim().parse().ok()).unwrap_or(65_530)
}

/// How many bytes of addresses are left for the process.
fn addresses() -> usize {
    #[cfg(target_os = "linux")]
    {
        let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: asks, and writes only the answer.
        unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) };
        let taken = std::fs::read_to_string("/proc/self/statm").ok().and_then(|pages| {
            let pages = pages.split(' ').next()?.parse::<usize>().ok()?;
            Some(pages * crate::memory::page())
        });
        usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX).saturating_sub(taken.unwrap_or(0))
    }
    #[cfg(not(target_os = "linux"))]
    usize::MAX
}

#[cfg(test)]
thread_local! {
    static NO_STACKS: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Does something as if the system had no memory for stacks.
#[cfg(test)]
pub(super) fn without<T>(work: impl FnOnce() -> T) -> T {
    NO_STACKS.set(true);
    let done = work();
    NO_STACKS.set(false);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_no_more_stacks_than_the_bound() {
        let count = COUNT.load(Ordering::Relaxed);
        assert!(new(count).is_none());
        // Other tests of this program take a few.
        let stacks: Vec<_> = std::iter::from_fn(|| new(count + 1000)).take(2000).collect();
        assert!(stacks.len() <= 1000 + 64 && stacks.len() > 900, "{}", stacks.len());
        COUNT.fetch_sub(stacks.len(), Ordering::Relaxed);
    }
}
