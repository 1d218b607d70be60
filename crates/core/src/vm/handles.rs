//! Tests: which scripts need mlua's handle of their VM, and what it takes.

use super::{Chunk, Exchange, Factory, Progress, Script, Vm};
use crate::api::libraries::Libraries;
use crate::bridge::handle::ROOM;
use crate::bridge::{HostFunction, Limits, Services, Wait};
use crate::state::{MemoryStore, ScriptId};
use crate::value::Shapes;
use std::sync::Arc;

fn script(source: &str, exchange: Exchange) -> Script {
    let services = Services::new(Arc::<MemoryStore>::default(), 1 << 20);
    let function = |path: &str| HostFunction {
        path: path.split('.').map(str::to_owned).collect(),
        number: 7,
        shapes: Shapes::default(),
    };
    services.supply.expose(vec![function("ask"), function("deep.within.ask")], None);
    Script {
        chunk: Chunk::Source(source.as_bytes().into()),
        id: ScriptId::new("tester").expect("a good id"),
        name: "tester".into(),
        limits: Limits::default(),
        exchange,
        services: Arc::new(services),
    }
}

fn start(source: &str, exchange: Exchange) -> (Vm, Progress) {
    let (factory, script) = (Factory::new(Libraries::ALL, None), script(source, exchange));
    let mut vm = Vm::build(&factory).expect("there is memory");
    vm.assign(&script, Arc::default());
    let progress = vm.start(&script, &factory);
    (vm, progress)
}

/// A VM in which a script has run to its end, which may be an error.
fn run(source: &str, exchange: Exchange) -> Vm {
    let (vm, progress) = start(source, exchange);
    assert!(matches!(progress, Progress::Done(_)), "{source}");
    vm
}

fn has_handle(source: &str, exchange: Exchange) -> bool {
    run(source, exchange).of_run().handle.get().is_some()
}

#[test]
fn scripts_whose_values_are_plain_need_no_handle() {
    // A list of the integer 1, as lib/values.js writes it.
    let args = Some([&1_u32.to_le_bytes()[..], &[3], &1_i64.to_le_bytes()].concat());
    for source in [
        "return 1",
        "return require == nil, Shared.counts == nil",
        "return nil, true, 2, 0.5, 'text'",
        "print('x', 1, {}) io.write('y', 2.5)",
        "State.set('k', 1) State.set('t', 'x') return State.get('k'), State.incr('k')",
        "return ...",
        "error('thrown')",
        "local x = nil; x.y = 1",
        "does not compile",
    ] {
        for results in [None, Some(Shapes::default())] {
            let exchange = Exchange { args: args.clone(), results, ..Exchange::default() };
            assert!(!has_handle(source, exchange), "{source}");
        }
    }
}

#[test]
fn calls_of_the_host_whose_values_are_plain_need_no_handle() {
    let list = |value: &[u8]| [&1_u32.to_le_bytes()[..], value].concat();
    for call in ["host.ask()", "host.deep.within.ask(nil, true, 1, 0.5, 'text')"] {
        for (answer, is_it) in [(list(&[0]), "nil"), (list(&[2]), "true"), (list(b"\x05\x02\0\0\0it"), "'it'")] {
            let (mut vm, progress) = start(&format!("assert({call} == {is_it}) return 'done'"), Exchange::default());
            let Progress::Waiting(Wait::Call(call)) = progress else { panic!("{call} does not wait") };
            assert_eq!((call.function, call.script), (7, None));
            vm.answer(Ok(answer));
            let Progress::Done(Ok(success)) = vm.resume() else { panic!("{is_it}: an error") };
            assert_eq!(success.text, "done");
            assert!(vm.of_run().handle.get().is_none(), "{is_it}");
        }
    }
}

#[test]
fn sleeping_needs_no_handle() {
    for source in ["sleep(0.5) return 'done'", "sleep(1) return 'done'"] {
        let (mut vm, progress) = start(source, Exchange::default());
        assert!(matches!(progress, Progress::Waiting(Wait::Sleep(_))), "{source}");
        let Progress::Done(Ok(success)) = vm.resume() else { panic!("{source}: an error") };
        assert_eq!(success.text, "done");
        assert!(vm.of_run().handle.get().is_none(), "{source}");
    }
}

#[test]
fn a_long_answer_goes_where_each_copy_is_counted() {
    let text = vec![b'x'; 5000];
    let answer = [&1_u32.to_le_bytes()[..], &[5], &5000_u32.to_le_bytes(), &text].concat();
    let (mut vm, progress) = start("return #host.ask()", Exchange::default());
    assert!(matches!(progress, Progress::Waiting(_)));
    vm.answer(Ok(answer));
    let Progress::Done(Ok(success)) = vm.resume() else { panic!("an error") };
    assert_eq!(success.text, "5000");
    assert!(vm.of_run().handle.get().is_some());
}

#[test]
fn a_handle_takes_no_more_than_its_room() {
    let vm = run("return 1", Exchange::default());
    let before = vm.memory();
    vm.lua().expect("there is memory");
    let takes = vm.memory() - before;
    assert!((ROOM / 2..ROOM).contains(&takes), "{takes} bytes; {ROOM} are kept free");
}

#[test]
fn an_identity_is_in_the_app_data_of_the_handle() {
    let mut vm = run("return json.encode({})", Exchange::default());
    let id = |vm: &Vm| crate::bridge::handle::context_of(vm.lua().expect("there is one")).map(|of| of.id.clone());
    assert_eq!(id(&vm), ScriptId::new("tester").ok());
    vm.renew().expect("there is memory");
    let other = ScriptId::new("other").expect("a good id");
    let script = Script { id: other.clone(), ..script("return 1", Exchange::default()) };
    vm.assign(&script, Arc::default());
    assert_eq!(id(&vm), Some(other));
}
