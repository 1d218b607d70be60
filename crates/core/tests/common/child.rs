//! A second process of the running test program, for work that might crash, hang or grow.

#![allow(unreachable_pub, reason = "shared by several test programs")]

#[path = "../../../lua/tests/common/program.rs"]
mod program;

use program::this_program;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// What the child's answers begin with; the test harness writes to the same stream.
const MARK: &str = "\u{1}answer ";

/// The child: it runs the ignored test `child_process` of this program, which calls [`serve`].
pub struct Child {
    process: std::process::Child,
    input: Option<std::process::ChildStdin>,
    answers: Receiver<String>,
    complaints: Option<std::thread::JoinHandle<String>>,
}

impl Child {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With these variables in its environment.
    pub fn start_with(variables: &[(&str, &str)]) -> Self {
        let mut process = this_program()
            .args(["child_process", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the test program starts again");
        let (input, output) = (process.stdin.take(), process.stdout.take().expect("a piped stdout"));
        let mut errors = process.stderr.take().expect("a piped stderr");
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some((_, answer)) = line.split_once(MARK) {
                    let _ = sender.send(answer.to_owned());
                }
            }
        });
        let complaints = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = errors.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Self { process, input, answers, complaints: Some(complaints) }
    }

    /// The answer to one question (both without line breaks), or how the child failed: after that it is gone.
    pub fn ask(&mut self, question: &str, patience: Duration) -> Result<String, String> {
        let asked = self.input.as_mut().is_some_and(|input| writeln!(input, "{question}").is_ok());
        let answer = if asked { self.answers.recv_timeout(patience) } else { Err(RecvTimeoutError::Disconnected) };
        answer.map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                let _ = self.end();
                format!("the child hangs: no answer in {patience:?}")
            }
            RecvTimeoutError::Disconnected => {
                self.input = None;
                let status = self.process.wait().map_or_else(|e| e.to_string(), |status| status.to_string());
                let complaints = self.complaints.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
                format!("the child died ({status}): {complaints}")
            }
        })
    }

    fn end(&mut self) -> std::io::Result<ExitStatus> {
        self.input = None;
        self.process.kill()?;
        self.process.wait()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// The child's side: answers every question on stdin until there are no more.
pub fn serve(mut answer: impl FnMut(&str) -> String) {
    for question in std::io::stdin().lines().map_while(Result::ok) {
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{MARK}{}", answer(&question)).and_then(|()| stdout.flush()).expect("the parent listens");
    }
}
