//! How many operations on State a Redis server does in a second, so many at once: `redis URL [operations [at once [name]]]`. To
//! be compared with `redis-benchmark -c 1 -P 64` of the same commands, which `redis-cli monitor` shows.

use moonpool_core::state::{Incr, Number, Op, Place, Request, ScriptId, Store, Write, open};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

static STORE: OnceLock<Arc<dyn Store>> = OnceLock::new();

/// What is asked for, by how many were before.
type Operation = fn(usize) -> Op<'static>;

/// As many times the same operation: each answer asks for the next one.
struct Load {
    operation: Operation,
    count: usize,
    asked: AtomicUsize,
    answered: AtomicUsize,
    done: Sender<()>,
}

impl Load {
    fn ask(self: Arc<Self>) {
        let i = self.asked.fetch_add(1, Ordering::Relaxed);
        if i >= self.count {
            return;
        }
        let owner = ScriptId::new("a").expect("a good id");
        let request = Request { owner, quota: 1 << 30, op: (self.operation)(i) };
        let reply = move |answered: moonpool_core::state::Answered| {
            answered.response.expect("a response");
            if self.answered.fetch_add(1, Ordering::Relaxed) + 1 == self.count {
                self.done.send(()).expect("a listener");
            }
            self.ask();
        };
        STORE.get().expect("a store").later(request, Box::new(reply));
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let url = args.next().unwrap_or_else(|| "redis://127.0.0.1:6379".to_owned());
    let mut number = |default: usize| args.next().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (count, at_once) = (number(500_000), number(64));
    let only = args.next();
    let place = Place::Redis { url, prefix: "bench".to_owned(), command_timeout: Duration::from_secs(30) };
    let _ = STORE.set(open(&place).unwrap_or_else(|why| panic!("{why}")));
    const JSON: &str = "\"0123456789012345678901234567890123456789\"";
    let operations: [(&str, Operation); 4] = [
        ("set", |_| Op::Write(Write::put("k", JSON))),
        ("get", |_| Op::Get { key: "k".into(), foreign: true }),
        ("incr", |_| Op::Incr(Incr { key: "n".into(), by: Number::Integer(1), init: Number::Integer(0), ttl: None })),
        ("set a new key", |i| Op::Write(Write::put(format!("new-{i}"), JSON))),
    ];
    for (name, operation) in operations {
        if only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let (done, is_done) = channel();
        let (asked, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let count = if name == "set a new key" { count / 10 } else { count };
        let load = Arc::new(Load { operation, count, asked, answered, done });
        let begin = Instant::now();
        (0..at_once).for_each(|_| load.clone().ask());
        is_done.recv().expect("it ends");
        println!("{name}: {:.0} a second", count as f64 / begin.elapsed().as_secs_f64());
    }
}
