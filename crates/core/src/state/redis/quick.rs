//! One command for which no task waits: most operations are one, and a task for each would cost several times as much.

use super::asked::Asked;
use super::single::{self, Meaning};
use super::trouble::{Then, Trouble};
use super::{Ticket, Told};
use crate::state::{Request, StoreError};
use redis::Value;
use tokio::time::Instant;

/// Who is told what came of a command: once, whatever comes.
pub(super) struct Quick(Option<Box<Operation>>);

/// An operation that waits for the answer to its command.
struct Operation {
    request: Request<'static>,
    reply: Told,
    ticket: Ticket,
    until: Instant,
    sent: bool,
}

/// What came of a command.
pub(super) enum End {
    /// The server's answer, which may be a refusal.
    Answer(Value),
    /// No answer, and this is why.
    Failed(Trouble),
    /// No answer in time.
    Late,
}

impl Quick {
    /// An operation whose command is about to be sent.
    pub(super) fn new(request: Request<'static>, ticket: Ticket, reply: Told, until: Instant) -> Self {
        Self(Some(Box::new(Operation { request, reply, ticket, until, sent: false })))
    }

    /// Until when it waits.
    pub(super) fn until(&self) -> Instant {
        self.0.as_ref().map_or_else(Instant::now, |operation| operation.until)
    }

    /// Its command goes out.
    pub(super) fn sent(mut self) -> Self {
        if let Some(operation) = &mut self.0 {
            operation.sent = true;
        }
        self
    }

    /// Tells what came of it.
    pub(super) fn end(mut self, end: End) {
        if let Some(operation) = self.0.take() {
            operation.end(end);
        }
    }
}

impl Drop for Quick {
    fn drop(&mut self) {
        if let Some(operation) = self.0.take() {
            let lost = operation.ticket.inner.link.lost();
            operation.end(End::Failed(lost));
        }
    }
}

impl Operation {
    fn end(self, end: End) {
        match end {
            // Nothing was done: it may be, if the server is asked again.
            End::Answer(Value::ServerError(_)) => self.go_on(),
            End::Answer(answer) => match single::meaning(&self.request.op, answer) {
                Ok(Meaning::Done(response, tidy)) => {
                    self.reply.tell(response);
                    if tidy && let Some(key) = self.request.op.key() {
                        let loose = vec![(self.request.owner, key.to_owned())];
                        self.ticket.inner.runtime.clone().spawn(self.ticket.tidy(loose));
                    }
                }
                Ok(Meaning::More) => self.go_on(),
                Err(trouble) => self.fail(|asked| asked.failed(&trouble)),
            },
            End::Failed(trouble) if trouble.then == Then::Never || (self.sent && self.reply.writes()) => {
                self.fail(|asked| asked.failed(&trouble));
            }
            End::Failed(_) => self.go_on(),
            End::Late => self.fail(|asked| asked.late()),
        }
    }

    fn fail(self, why: impl FnOnce(&Asked<'_>) -> StoreError) {
        let error = why(&Asked::after(&self.ticket.inner.link, self.reply.writes(), self.sent));
        self.reply.tell(Err(error));
    }

    /// Does all of the operation, in the time that is left.
    fn go_on(self) {
        let left = self.until.saturating_duration_since(Instant::now());
        self.ticket.inner.runtime.clone().spawn(self.ticket.perform(self.request, true, self.reply, left));
    }
}
