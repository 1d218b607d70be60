//! Does one job of the core so many times, on one thread and without a watchdog: `guard JOB ROUNDS`.
//!
//! Started by `bench/guard/index.mjs`, which counts the instructions.

use moonpool_core::api::libraries::Libraries;
use moonpool_core::bridge::{Limits, Services};
use moonpool_core::state::{MemoryStore, ScriptId};
use moonpool_core::value::{Shapes, Values, stored};
use moonpool_core::vm::{CacheLimits, Chunk, CodeCache, Exchange, Execution, Factory, Progress, Script, Success, Vm};
use std::process::ExitCode;
use std::sync::Arc;

/// A script that runs in a VM of its own each time.
struct Job {
    name: &'static str,
    code: &'static str,
    /// What it is given, as JSON. What it returns is then taken as values.
    given: Option<fn() -> String>,
}

const JOBS: [Job; 5] = [
    Job { name: "copy", code: "return 1", given: None },
    Job { name: "loop", code: "local x = 0 for i = 1, 1e5 do x = x + i % 7 end return x", given: None },
    Job {
        name: "tables",
        code: "local kept for i = 1, 10000 do
          local t = { i, name = 'n' .. i, inner = { i } }
          if i % 10 == 0 then kept = { t, kept } end
        end
        return kept ~= nil",
        given: None,
    },
    Job {
        name: "json",
        code: "local order = {
          id = 4711, customer = 'ann@example.com', country = 'DE', currency = 'EUR', total = 129.9, items = 3,
          express = true, coupon = 'SPRING', weight = 2.4, note = 'Leave it at the door',
        }
        for i = 1, 200 do order = json.decode(json.encode(order)) end
        return order.total",
        given: None,
    },
    Job { name: "values", code: "return ...", given: Some(records) },
];

/// A thousand records.
fn records() -> String {
    let record = |i| format!(r#"{{"id":{i},"name":"record {i}","price":{i}.5,"sold":true}}"#);
    let all: Vec<String> = (1..=1000).map(record).collect();
    format!("[{}]", all.join(","))
}

fn script(job: &Job) -> Script {
    let values = |json: fn() -> String| -> Values {
        stored::values_of(&json(), Shapes::default()).expect("it is JSON that values can be made of")
    };
    let args = job.given.map(values);
    Script {
        chunk: Chunk::Source(job.code.as_bytes().into()),
        id: ScriptId::new("guard").expect("a good id"),
        name: job.name.into(),
        limits: Limits::default(),
        exchange: Exchange { results: args.is_some().then(Shapes::default), args, ..Exchange::default() },
        services: Arc::new(Services::new(Arc::<MemoryStore>::default(), 1 << 20)),
    }
}

/// Runs a script in a new VM.
fn run(script: &Script, factory: &Arc<Factory>) -> Success {
    let mut vm = Box::new(Vm::build(factory).expect("there is memory"));
    vm.assign(script, Arc::default());
    let mut execution = Execution::new(vm);
    match execution.start(Box::new(script.clone()), factory.clone()) {
        Progress::Done(Ok(success)) => success,
        Progress::Done(Err(failure)) => panic!("the job failed: {failure:?}"),
        _ => panic!("the job waits, and no job does"),
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let job = words.first().and_then(|name| JOBS.iter().find(|job| job.name == name));
    let rounds = words.get(1).and_then(|rounds| rounds.parse::<u32>().ok());
    let (Some(job), Some(rounds)) = (job, rounds) else {
        let names = JOBS.map(|job| job.name).join(", ");
        eprintln!("guard takes a job ({names}) and a number of rounds, and got {words:?}");
        return ExitCode::FAILURE;
    };
    let factory = Arc::new(Factory::new(Libraries::ALL, Some(CodeCache::new(CacheLimits::default()))));
    let script = script(job);
    for _ in 0..rounds {
        let Success { text, values, .. } = run(&script, &factory);
        assert!(
            !text.is_empty() || values.is_some_and(|values| values.len() > size_of::<u32>()),
            "a job gives something"
        );
    }
    ExitCode::SUCCESS
}
