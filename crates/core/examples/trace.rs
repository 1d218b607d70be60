//! Runs an engine on two threads, with long scripts and short ones, and prints as JSON which run executed when.
//!
//! Started by `scripts/engine-picture.mjs`, which draws it. All times are in microseconds from the start.

use moonpool_core::api::libraries::Libraries;
use moonpool_core::bridge::{Limits, Services};
use moonpool_core::scheduler::{Batch, Caller, Capacity, Next, Run, Scheduler, Settled, Workers};
use moonpool_core::state::{MemoryStore, ScriptId};
use moonpool_core::vm::{Chunk, Exchange, Factory, Script};
use serde_json::{Value, json};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const THREADS: usize = 2;
const ENDLESS: &str = "while true do end";

/// A script that comes in: when, in ms, whose it is, what it does, and its timeout.
struct Arrival {
    at: u64,
    owner: &'static str,
    code: String,
    timeout: Duration,
}

/// A batch that a thread has executed.
struct Executed {
    batch: Batch,
    ids: Vec<u64>,
    thread: usize,
    start: Instant,
    end: Instant,
}

/// Threads that take batches from one queue, as those of libuv's pool do.
struct Pool(Sender<Batch>);

impl Workers for Pool {
    fn start(&self, batch: Batch) {
        // The threads live as long as the process.
        let _ = self.0.send(batch);
    }
}

impl Pool {
    fn new() -> (Self, Receiver<Executed>) {
        let (give, take) = channel();
        let (done, executed) = channel();
        let take = Arc::new(Mutex::new(take));
        for thread in 0..THREADS {
            let (take, done) = (take.clone(), done.clone());
            thread::spawn(move || {
                while let Some(batch) = next(&take) {
                    if done.send(execute(batch, thread)).is_err() {
                        return;
                    }
                }
            });
        }
        (Self(give), executed)
    }
}

fn next(take: &Mutex<Receiver<Batch>>) -> Option<Batch> {
    take.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn execute(mut batch: Batch, thread: usize) -> Executed {
    let (ids, start) = (batch.ids(), Instant::now());
    batch.execute();
    Executed { batch, ids, thread, start, end: Instant::now() }
}

/// A loop of so many thousand rounds.
fn work(rounds: u64) -> String {
    format!("local x = 0 for i = 1, {rounds}000 do x = x + i end")
}

/// How many thousand rounds such a loop does in one ms, here and now.
fn rounds_per_ms(factory: &Arc<Factory>, services: &Arc<Services>) -> u64 {
    const ROUNDS: u64 = 2000;
    let ms = (0..5).map(|id| {
        let script = script(services, "calibration", &work(ROUNDS), Duration::from_secs(5));
        let mut run = Run::new(id, script, Caller::Host, None);
        run.execute(Duration::from_secs(5), factory, None);
        match run.next() {
            Next::Settled(settled) => settled.usage.cpu_time.as_secs_f64() * 1000.0,
            _ => f64::INFINITY,
        }
    });
    (ROUNDS as f64 / ms.fold(f64::INFINITY, f64::min)).max(10.0) as u64
}

/// Two endless scripts and one of 45 ms; and short ones, of 0.4 ms, that come while those are at work.
fn arrivals(rounds_per_ms: u64) -> Vec<Arrival> {
    let of = |at, owner, tenths: u64| {
        let code = work((rounds_per_ms * tenths / 10).max(1));
        Arrival { at, owner, code, timeout: Limits::default().timeout }
    };
    let endless = |owner| Arrival { at: 0, owner, code: ENDLESS.into(), timeout: Duration::from_millis(115) };
    let mut arrivals = vec![endless("a"), endless("a"), of(0, "b", 450)];
    arrivals.extend([(14, "c"), (33, "d"), (47, "e")].map(|(at, owner)| of(at, owner, 4)));
    arrivals.extend(["c", "d", "e", "c", "d", "e"].map(|owner| of(62, owner, 4)));
    arrivals.extend([(84, "d"), (98, "c")].map(|(at, owner)| of(at, owner, 4)));
    arrivals
}

fn script(services: &Arc<Services>, owner: &str, code: &str, timeout: Duration) -> Script {
    Script {
        chunk: Chunk::Source(code.as_bytes().into()),
        id: ScriptId::new(owner).expect("a good id"),
        name: owner.into(),
        exchange: Exchange::default(),
        limits: Limits { timeout, ..Limits::default() },
        services: services.clone(),
    }
}

fn main() {
    let factory = Arc::new(Factory::new(Libraries::ALL, None));
    let services = Arc::new(Services::new(Arc::<MemoryStore>::default(), 1 << 20));
    let arrivals = arrivals(rounds_per_ms(&factory, &services));
    let (pool, executed) = Pool::new();
    let engine = Scheduler::new(pool, factory, Capacity { slots: THREADS, warm: 4, ..Capacity::default() });
    engine.warm_up();
    if let Ok(warm) = executed.recv() {
        engine.finished(warm.batch);
    }

    let start = Instant::now();
    let micros = |instant: Instant| instant.duration_since(start).as_micros() as u64;
    let (mut runs, mut batches) = (Vec::new(), Vec::new());
    let mut open = 0;
    while open > 0 || runs.len() < arrivals.len() {
        let due = arrivals.get(runs.len()).map(|next| start + Duration::from_millis(next.at));
        let wait = due.map_or(Duration::MAX, |due| due.saturating_duration_since(Instant::now()));
        match executed.recv_timeout(wait) {
            Ok(Executed { batch, ids, thread, start, end }) => {
                batches.push(json!({ "thread": thread, "start": micros(start), "end": micros(end), "runs": ids }));
                for settled in engine.finished(batch).settled {
                    open -= 1;
                    note(&mut runs, &settled);
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                let (id, next) = (runs.len() as u64, &arrivals[runs.len()]);
                runs.push(json!({ "id": id, "owner": next.owner, "submitted": micros(Instant::now()) }));
                open += 1;
                let script = script(&services, next.owner, &next.code, next.timeout);
                assert_eq!(engine.submit(script, Caller::Host), Ok(id), "the queue has no bound");
            }
            Err(RecvTimeoutError::Disconnected) => unreachable!("the engine holds the pool"),
        }
    }
    println!("{}", json!({ "runs": runs, "batches": batches }));
}

/// What came of a run, beside who it is.
fn note(runs: &mut [Value], Settled { id, outcome, usage, .. }: &Settled) {
    let run = &mut runs[*id as usize];
    run["queueTime"] = json!(usage.queue_time.as_micros() as u64);
    run["runTime"] = json!(usage.run_time.as_micros() as u64);
    run["cpuTime"] = json!(usage.cpu_time.as_micros() as u64);
    run["slices"] = json!(usage.slices);
    run["code"] = json!(outcome.as_ref().err().map(|failure| failure.error.code.as_str()));
}
