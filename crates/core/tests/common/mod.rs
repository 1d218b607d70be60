//! What the Rust tests share: a script to run, and what came of it, without an engine.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use moonpool_core::api::libraries::Libraries;
use moonpool_core::bridge::{Came, HostFunction, Limits, Question, Services, Wait};
use moonpool_core::error::Failure;
use moonpool_core::scheduler::{Caller, Next, Run, SLICE, Settled};
use moonpool_core::state::{Answered, Grants, MemoryStore, Reply, Request, ScriptId, Store};
use moonpool_core::value::Shapes;
use moonpool_core::vm::{Chunk, Exchange, Factory, Script};
use std::sync::{Arc, LazyLock, mpsc};
use std::time::Duration;

/// Bytes of State for each script.
pub const QUOTA: usize = 16 << 20;

/// Makes VMs with all libraries, and keeps no compiled code.
pub static FACTORY: LazyLock<Arc<Factory>> = LazyLock::new(|| Arc::new(Factory::new(Libraries::ALL, None)));

/// A script by `tester` with the default limits and a store of its own.
pub fn script(source: &str) -> Script {
    Script {
        chunk: Chunk::Source(source.as_bytes().into()),
        id: ScriptId::new("tester").expect("a good id"),
        name: "tester".into(),
        limits: Limits::default(),
        exchange: Exchange::default(),
        services: services(store()),
    }
}

/// What an engine with this store gives to its scripts.
pub fn services(store: Arc<dyn Store>) -> Arc<Services> {
    Arc::new(Services::new(store, QUOTA))
}

/// A host function.
pub fn host_function(name: &str, number: u32) -> HostFunction {
    HostFunction { path: vec![name.to_owned()], number, shapes: Shapes::default() }
}

/// An empty store.
pub fn store() -> Arc<dyn Store> {
    Arc::<MemoryStore>::default()
}

/// Runs a script on this thread, under the watchdog.
pub fn execute(script: Script) -> Result<String, Box<Failure>> {
    execute_with(&FACTORY, script, SLICE).outcome.map(|success| success.text)
}

/// Runs a script on this thread, in slices of this time, in a VM of this factory.
pub fn execute_with(factory: &Arc<Factory>, script: Script, slice: Duration) -> Settled {
    let mut run = Run::new(0, script, Caller::Host, None);
    loop {
        run.execute(slice, factory, None);
        if let Some(requests) = run.take_requests() {
            run.give(requests.fresh.into_iter().map(|(number, wait)| (number, come(wait))).collect());
        }
        match run.next() {
            Next::Settled(settled) => return settled,
            Next::Waiting(mut unfinished, Wait::State(question)) => {
                unfinished.answer_state(answer(*question));
                run = unfinished;
            }
            Next::Preempted(unfinished)
            | Next::NotBegun(unfinished)
            | Next::WaitingForAny(unfinished)
            | Next::Waiting(unfinished, _) => run = unfinished,
        }
    }
}

/// What comes of a wait of a function of `parallel`.
fn come(wait: Wait) -> Came {
    match wait {
        Wait::State(question) => Came::State(answer(*question)),
        Wait::Call(_) | Wait::Sleep(_) => Came::Awake,
    }
}

/// What a store answers, waited for.
fn answer(Question { store, request }: Question) -> Answered {
    let (reply, answered) = mpsc::channel();
    store.later(request, Box::new(move |answered| reply.send(answered).expect("a listener")));
    answered.recv_timeout(Duration::from_secs(30)).expect("an answer")
}

/// A store that answers nothing at once, as one on another machine.
pub struct Remote(pub MemoryStore);

impl Store for Remote {
    fn now(&self, _: &Request<'_>) -> Option<Answered> {
        None
    }
    fn later(&self, request: Request<'static>, reply: Reply) {
        reply(self.0.now(&request).expect("memory answers at once"));
    }
    fn grants(&self) -> &Grants {
        self.0.grants()
    }
}

/// The text of a script that succeeds.
pub fn run(source: &str) -> String {
    match execute(script(source)) {
        Ok(text) => text,
        Err(failure) => panic!("{source}\nfailed: {failure:#?}"),
    }
}

/// The failure of a script that fails.
pub fn fail(source: &str) -> Failure {
    match execute(script(source)) {
        Ok(text) => panic!("{source}\nsucceeded: {text}"),
        Err(failure) => *failure,
    }
}

/// The code of a script that fails.
pub fn code(source: &str) -> &'static str {
    fail(source).error.code.as_str()
}
