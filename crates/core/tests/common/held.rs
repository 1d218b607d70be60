//! Worker threads that execute nothing until told.

#![allow(dead_code, unreachable_pub, reason = "shared by several test programs")]

use moonpool_core::scheduler::{Batch, Signal, WakeUp, Workers};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// What was started waits here, and so do signals.
#[derive(Clone)]
pub struct Held(pub Rc<RefCell<VecDeque<Batch>>>, pub Rc<RefCell<Receiver<Signal>>>, Sender<Signal>);

impl Default for Held {
    fn default() -> Self {
        let (sender, receiver) = channel();
        Self(Rc::default(), Rc::new(RefCell::new(receiver)), sender)
    }
}

impl Workers for Held {
    fn wake_up(&self) -> WakeUp {
        let sender = self.2.clone();
        Arc::new(move |signal| {
            // Nobody listens to an engine that is gone.
            let _ = sender.send(signal);
        })
    }

    fn start(&self, batch: Batch) {
        self.0.borrow_mut().push_back(batch);
    }
}

impl Held {
    pub fn next(&self) -> Batch {
        self.0.borrow_mut().pop_front().expect("a batch was started")
    }
}
