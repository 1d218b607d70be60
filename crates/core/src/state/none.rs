//! The store of those who have no State.

use super::{Answered, Grants, Request, Store};

/// A store that answers nothing at once. Nobody who has it may wait.
#[derive(Default)]
pub(crate) struct NoStore(Grants);

impl Store for NoStore {
    fn now(&self, _: &Request<'_>) -> Option<Answered> {
        None
    }

    fn grants(&self) -> &Grants {
        &self.0
    }
}
