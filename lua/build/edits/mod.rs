//! All edits to Lua's sources, by concern. lua/README.md explains each under its name.

mod base;
mod kill;
mod resume;
mod safepoint;
mod seed;

use crate::edit::Edit;

/// Every edit, in the order in which they are made.
pub(crate) fn all() -> impl Iterator<Item = &'static Edit> {
    [safepoint::EDITS, kill::EDITS, resume::EDITS, base::EDITS, seed::EDITS].into_iter().flatten()
}
