//! `State.list`: the script's own keys, and those that were granted to it.

use super::arguments::{confused, received, refusal, unavailable};
use crate::bridge::Call;
use crate::bridge::tasks::{Step, Task, perform};
use crate::error::{Code, Error};
use crate::state::{Request, Response, ScriptId, StoreError};
use mlua::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The requests that are still to be made, and the keys so far.
struct List {
    prefix: String,
    requests: Vec<Request<'static>>,
    /// Whose keys were asked for.
    asked: Option<ScriptId>,
    /// In byte order, each once.
    keys: BTreeSet<Arc<str>>,
    /// What those hold, counted while the task has them.
    held: usize,
}

pub(super) fn list(call: &Call) -> Result<Value, Error> {
    let prefix = match call.arg(0) {
        Value::Nil => String::new(),
        Value::String(prefix) => match prefix.to_str() {
            Ok(prefix) => prefix.to_owned(),
            Err(_) => return Err(refusal("list", "the prefix is not UTF-8")),
        },
        other => {
            let message = format!("bad argument #1 to 'list' (string expected, got {})", received(other, "list"));
            return Err(Error::new(Code::Runtime, message));
        }
    };
    let requests = call.state().list(&prefix);
    perform(call, List { prefix, requests, asked: None, keys: BTreeSet::new(), held: 0 })
}

impl Task for List {
    fn step(&mut self, call: &Call, response: Option<Result<Response, StoreError>>) -> Result<Step, Error> {
        let step = self.next(call, response);
        if !matches!(step, Ok(Step::Ask(_))) {
            call.budget().release(self.held);
        }
        step
    }
}

impl List {
    fn next(&mut self, call: &Call, response: Option<Result<Response, StoreError>>) -> Result<Step, Error> {
        if let Some(response) = response {
            self.add(call, response)?;
        }
        match self.requests.pop() {
            Some(request) => {
                self.asked = Some(request.owner.clone());
                Ok(Step::Ask(request))
            }
            None => self.table(call).map(Step::Done),
        }
    }

    fn add(&mut self, call: &Call, response: Result<Response, StoreError>) -> Result<(), Error> {
        let keys = match response {
            Ok(Response::Keys(keys)) => keys,
            Err(StoreError::Unavailable(reason)) => return Err(unavailable("list", &reason)),
            _ => return Err(confused("list")),
        };
        let Some(owner) = &self.asked else { return Err(confused("list")) };
        let bytes: usize = keys.iter().map(|key| key.len() + 2 * size_of_val(key)).sum();
        call.budget().hold(bytes)?;
        self.held += bytes;
        let view = call.state();
        for key in keys {
            call.budget().check()?;
            if key.starts_with(&self.prefix) && view.sees(owner, &key) {
                self.keys.insert(key);
            }
        }
        Ok(())
    }

    fn table(&self, call: &Call) -> Result<Value, Error> {
        let made = (|| {
            let table = call.lua.create_table_with_capacity(self.keys.len(), 0)?;
            for (i, key) in self.keys.iter().enumerate() {
                table.raw_set(i + 1, &**key)?;
            }
            Ok(Value::Table(table))
        })();
        made.map_err(|e| call.lost(&e))
    }
}
