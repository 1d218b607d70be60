//! One operation on its way: what it sends to the server, again where that is safe, and what a script is told if its time
//! passes.

use super::answers::confused;
use super::link::Link;
use super::scripts;
use super::trouble::{Then, Trouble};
use crate::state::{StoreError, lock};
use redis::{Cmd, ServerErrorKind, Value};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long to wait before a server is asked again that is not ready.
const PAUSE: Duration = Duration::from_millis(50);

/// An operation.
pub(super) struct Asked<'a> {
    link: &'a Link,
    /// Whether it would write anything.
    writes: bool,
    /// Whether a write has gone out whose answer is not there.
    sent: Arc<AtomicBool>,
    /// What went wrong last.
    reason: Mutex<Option<String>>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(link: &'a Link, writes: bool) -> Self {
        Self { link, writes, sent: Arc::default(), reason: Mutex::default() }
    }

    /// One of which a command has gone out already, or has not.
    pub(super) fn after(link: &'a Link, writes: bool, sent: bool) -> Self {
        Self { sent: Arc::new(AtomicBool::new(sent)), ..Self::new(link, writes) }
    }

    /// How long it may take.
    pub(super) fn time(&self) -> Duration {
        self.link.timeout
    }

    /// Sends commands that change nothing, or that may be executed twice: those that keep the indexes. Again, when the
    /// answers are lost.
    ///
    /// # Errors
    /// Why there are no answers, and will be none.
    pub(super) async fn read(&self, commands: Vec<Cmd>) -> Result<Vec<Value>, Trouble> {
        self.send(commands, None, &Arc::default()).await
    }

    /// Sends commands of which the one at `main` must not be executed twice. Returns its answer.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(super) async fn write(&self, commands: Vec<Cmd>, main: usize) -> Result<Value, Trouble> {
        let answers = self.send(commands, Some(main), &self.sent).await?;
        answers.into_iter().nth(main).ok_or_else(confused)
    }

    /// The answer was that nothing has been written.
    pub(super) fn wrote_nothing(&self) {
        self.sent.store(false, Ordering::Relaxed);
    }

    async fn send(
        &self,
        commands: Vec<Cmd>,
        main: Option<usize>,
        sent: &Arc<AtomicBool>,
    ) -> Result<Vec<Value>, Trouble> {
        loop {
            let trouble = match self.link.send(commands.clone(), sent).await {
                Err(trouble) => trouble,
                Ok(answers) => match refusal(&answers, main) {
                    None => return Ok(answers),
                    Some(error) if error.kind() == Some(ServerErrorKind::NoScript) => {
                        // Somebody has made the server forget them, or it is another server.
                        self.link.send(scripts::load(), &Arc::default()).await?;
                        continue;
                    }
                    Some(error) => Trouble::refused(&self.link.address, error),
                },
            };
            if trouble.then != Then::Unknown {
                sent.store(false, Ordering::Relaxed);
            }
            match trouble.then {
                Then::Never => return Err(trouble),
                Then::Unknown if main.is_some() => return Err(trouble),
                Then::AgainElsewhere => self.link.give_up(trouble.clone()),
                Then::Again | Then::Unknown => {}
            }
            *lock(&self.reason) = Some(trouble.reason);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What a script is told when there is no answer, and will be none.
    pub(super) fn failed(&self, trouble: &Trouble) -> StoreError {
        self.unavailable(&trouble.reason, trouble.then == Then::Unknown)
    }

    /// What a script is told when the time is over.
    pub(super) fn late(&self) -> StoreError {
        let sent = self.sent.load(Ordering::Relaxed);
        self.link.suspect();
        let reason = lock(&self.reason).take();
        let reason = reason.or_else(|| self.link.trouble().map(|trouble| trouble.reason));
        let (name, ms) = (&self.link.address.name, self.link.timeout.as_millis());
        let late = format!("Redis at {name} did not do it within {ms} ms");
        match reason {
            Some(reason) => self.unavailable(&format!("{late}: {reason}"), sent),
            None => self.unavailable(&late, sent),
        }
    }

    fn unavailable(&self, reason: &str, sent: bool) -> StoreError {
        StoreError::Unavailable(match (self.writes, sent) {
            (false, _) => reason.to_owned(),
            (true, false) => format!("{reason}; nothing was written"),
            (true, true) => format!("{reason}; it may have been written"),
        })
    }
}

/// Why the server has not done what counts: one command, or any.
fn refusal(answers: &[Value], main: Option<usize>) -> Option<&redis::ServerError> {
    let counts = main.map_or(answers, |main| answers.get(main..=main).unwrap_or_default());
    counts.iter().find_map(|answer| match answer {
        Value::ServerError(error) => Some(error),
        _ => None,
    })
}
