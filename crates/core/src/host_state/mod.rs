//! State as the host uses it: its questions, on their way to a store and back.
//!
//! A [`Talk`] is what the host wants to know: one request to the store, or several, the next one made of what came of
//! the last. A [`Desk`] takes them from the engine's thread, and settles each once. What is quick is done at once; what
//! may take long makes a [`Trip`] to a worker thread; and what the store answers later comes back by a [`Letter`]. While
//! a trip is under way all others wait for the next, and what is asked of a space behind a letter that is still to come goes
//! the same way, so that questions are answered in the order in which they were asked.
//! Nothing is told before the writes that it depends on are durable.

mod ahead;
mod answers;
mod desk;
mod import;
mod line;
mod talks;

pub use desk::{Asked, Desk, Letter, Mail, Settled, Trip};
pub use import::{Importer, MAX_LINE};
pub use line::grant_of;
pub use talks::{Arguments, Pages, Step, Talk, request, talk};
