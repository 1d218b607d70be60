//! How many operations on State a Redis server does in a second, so many at once: `redis URL [operations [at once]]`. To be
//! compared with `redis-benchmark -c 1 -P 64` of the same commands, which `redis-cli monitor` shows.

use moonpool_core::state::{Incr, Number, Op, Place, Request, ScriptId, Write, open};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

fn main() {
    let mut args = std::env::args().skip(1);
    let url = args.next().unwrap_or_else(|| "redis://127.0.0.1:6379".to_owned());
    let mut number = |default: usize| args.next().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (count, at_once) = (number(500_000), number(64));
    let place = Place::Redis { url, prefix: "bench".to_owned(), command_timeout: Duration::from_secs(30) };
    let store = open(&place).unwrap_or_else(|why| panic!("{why}"));
    let json = "\"0123456789012345678901234567890123456789\"";
    let operations: [(&str, fn(usize, &'static str) -> Op<'static>); 4] = [
        ("set", |_, json| Op::Write(Write::put("k", json))),
        ("get", |_, _| Op::Get { key: "k".into(), foreign: true }),
        ("incr", |_, _| {
            Op::Incr(Incr { key: "n".into(), by: Number::Integer(1), init: Number::Integer(0), ttl: None })
        }),
        ("set a new key", |i, json| Op::Write(Write::put(format!("new-{}", i % 50_000), json))),
    ];
    for (name, operation) in operations {
        let (sender, answers) = channel();
        let ask = |i| {
            let sender = sender.clone();
            let owner = ScriptId::new("a").expect("a good id");
            let request = Request { owner, quota: 1 << 30, op: operation(i, json) };
            store.later(request, Box::new(move |answered| sender.send(answered).expect("a listener")));
        };
        let count = if name == "set a new key" { count.min(50_000) } else { count };
        let begin = Instant::now();
        (0..at_once).for_each(ask);
        for i in at_once..count + at_once {
            answers.recv().expect("an answer").response.expect("a response");
            if i < count {
                ask(i);
            }
        }
        println!("{name}: {:.0} a second", count as f64 / begin.elapsed().as_secs_f64());
    }
}
