//! All edits to Lua's sources, by concern. crates/lua/README.md explains each under its name.

mod base;
mod collector;
mod hash;
mod kill;
mod library;
mod loops;
mod parallel;
mod repeat;
mod resume;
mod safepoint;
mod sandbox;
mod seed;
mod share;
mod stack;

use crate::edit::Edit;

/// Every edit, in the order in which they are made.
pub(crate) fn all() -> impl Iterator<Item = &'static Edit> {
    [
        safepoint::EDITS,
        kill::EDITS,
        stack::EDITS,
        resume::EDITS,
        base::EDITS,
        parallel::EDITS,
        loops::EDITS,
        collector::EDITS,
        hash::EDITS,
        sandbox::EDITS,
        seed::EDITS,
        repeat::EDITS,
        library::EDITS,
        share::EDITS,
    ]
    .into_iter()
    .flatten()
}
