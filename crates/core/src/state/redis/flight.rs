//! Those who wait for answers of the server, in the order in which it answers.

use super::quick::{End, Quick};
use super::trouble::Trouble;
use redis::Value;
use std::collections::VecDeque;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Tells the answers to commands.
pub(super) type Tell = oneshot::Sender<Result<Vec<Value>, Trouble>>;

/// Who waits for answers.
pub(super) enum Waiting {
    /// A task, for so many more.
    Task { lacking: usize, answers: Vec<Value>, tell: Tell },
    /// For one; nobody any more, if it was late.
    Quick(Option<Quick>),
}

/// What is with the server.
#[derive(Default)]
pub(super) struct Flight {
    waiting: VecDeque<Waiting>,
    /// How many answers each batch lacks.
    batches: VecDeque<usize>,
}

impl Flight {
    /// How many batches are with the server.
    pub(super) fn batches(&self) -> usize {
        self.batches.len()
    }

    /// One more waits; its batch begins afterwards.
    pub(super) fn wait(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// A batch of so many commands goes out.
    pub(super) fn begin(&mut self, commands: usize) {
        if commands > 0 {
            self.batches.push_back(commands);
        }
    }

    /// Hands an answer to whom it is for. Returns whether anybody had asked: else nobody knows whose the next one is.
    #[must_use]
    pub(super) fn answer(&mut self, answer: Value) -> bool {
        if let Some(lacking) = self.batches.front_mut() {
            *lacking -= 1;
            if *lacking == 0 {
                self.batches.pop_front();
            }
        }
        match self.waiting.pop_front() {
            None => return false,
            Some(Waiting::Quick(None)) => {}
            Some(Waiting::Quick(Some(quick))) => quick.end(End::Answer(answer)),
            Some(Waiting::Task { lacking, mut answers, tell }) => {
                answers.push(answer);
                if lacking > 1 {
                    self.waiting.push_front(Waiting::Task { lacking: lacking - 1, answers, tell });
                } else {
                    // Nobody listens any more whose time is over.
                    let _ = tell.send(Ok(answers));
                }
            }
        }
        true
    }

    /// Tells those whose time is over. Returns when that of the next one is, if there is one.
    pub(super) fn tell_late(&mut self) -> Option<Instant> {
        let now = Instant::now();
        for waiting in &mut self.waiting {
            let Waiting::Quick(quick) = waiting else { continue };
            match quick {
                Some(next) if next.until() > now => return Some(next.until()),
                _ => {}
            }
            if let Some(quick) = quick.take() {
                quick.end(End::Late);
            }
        }
        None
    }

    /// No more answers come.
    pub(super) fn end(self, trouble: &Trouble) {
        for waiting in self.waiting {
            match waiting {
                Waiting::Task { tell, .. } => _ = tell.send(Err(trouble.clone())),
                Waiting::Quick(Some(quick)) => quick.end(End::Failed(trouble.clone())),
                Waiting::Quick(None) => {}
            }
        }
    }
}
