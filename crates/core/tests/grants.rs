//! Grants: which key a name means to a script, against a small model; what scripts see and may do; and what never changes.

mod common;
mod contract;
use common::{QUOTA, Remote, execute, script};
use contract::{Asked, id};
use moonpool_core::bridge::Services;
use moonpool_core::state::{
    Access, Grant, Grantee, Grants, MemoryStore, Op, Pattern, Response, ScriptId, Store, StoreError, Target,
};
use proptest::prelude::*;
use std::sync::Arc;

fn grant(owner: &str, keys: &str, to: &str, access: Access) -> Grant {
    let (keys, to) = (Pattern::new(keys).expect("a pattern"), Grantee::new(to).expect("a grantee"));
    Grant::new(id(owner), keys, to, access).expect("a grant")
}

/// What the rules say, one by one: the longest pattern that fits, a key before a prefix, the script itself before all.
fn meaning(grants: &[Grant], script: &ScriptId, name: &str) -> Option<Target> {
    let fits = grants.iter().filter_map(|grant| {
        let to_script = match &grant.to {
            Grantee::All => false,
            Grantee::One(to) if to == script => true,
            Grantee::One(_) => return None,
        };
        let rank = match grant.keys.as_str().strip_suffix('*') {
            Some(prefix) if name.starts_with(prefix) => (false, prefix.len(), to_script),
            None if grant.keys.as_str() == name => (true, name.len(), to_script),
            _ => return None,
        };
        Some((rank, grant))
    });
    let (_, best) = fits.max_by_key(|(rank, _)| *rank)?;
    (best.owner != *script).then(|| Target { owner: best.owner.clone(), access: best.access })
}

/// Ids and keys that look like each other, and like patterns.
fn ids() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "a/", "a/b", "b", "*a", "ä"]).prop_map(str::to_owned)
}

fn names() -> impl Strategy<Value = String> {
    "[ab/ä*]{1,4}".prop_filter("a key", |name| !name.is_empty())
}

fn patterns() -> impl Strategy<Value = Pattern> {
    prop_oneof![names(), names().prop_map(|name| name + "*")]
        .prop_filter_map("a pattern", |text| Pattern::new(&text).ok())
}

fn grants() -> impl Strategy<Value = Grant> {
    let to = prop_oneof![1 => Just("*".to_owned()), 2 => ids()];
    let access = prop::sample::select(vec![Access::Read, Access::Write]);
    (ids(), patterns(), to, access).prop_filter_map("a grant", |(owner, keys, to, access)| {
        Grant::new(id(&owner), keys, Grantee::new(&to).ok()?, access).ok()
    })
}

/// Adds a grant to the model as the rules say, or says whose the pattern is.
fn add(model: &mut Vec<Grant>, grant: &Grant) -> Result<(), ScriptId> {
    match model.iter_mut().find(|known| known.keys == grant.keys && known.to == grant.to) {
        Some(known) if known.owner == grant.owner => known.access = grant.access,
        Some(known) => return Err(known.owner.clone()),
        None => model.push(grant.clone()),
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_name_means_what_the_rules_say(
        changes in prop::collection::vec((grants(), prop::bool::weighted(0.8)), 1..12),
        scripts in prop::collection::vec(ids(), 1..4),
        asked in prop::collection::vec(names(), 1..12),
    ) {
        let (table, mut model) = (Grants::default(), Vec::new());
        for (grant, adds) in changes {
            if adds {
                prop_assert_eq!(table.add(&grant).map(|_| ()), add(&mut model, &grant));
            } else {
                let before = model.len();
                model.retain(|known| (&known.owner, &known.keys, &known.to) != (&grant.owner, &grant.keys, &grant.to));
                prop_assert_eq!(table.remove(&grant), model.len() < before);
            }
            for script in &scripts {
                for name in &asked {
                    prop_assert_eq!(table.resolve(&id(script), name), meaning(&model, &id(script), name), "{} of {}", name, script);
                }
            }
            model.sort_by(|a, b| (&a.owner, &a.keys, &a.to).cmp(&(&b.owner, &b.keys, &b.to)));
            prop_assert_eq!(table.list(), model.clone());
            prop_assert_eq!(table.is_empty(), model.is_empty());
            let copy = Grants::default();
            copy.replace(&model);
            prop_assert_eq!(copy.list(), model.clone());
        }
    }

    /// What a script lists is what it gets, and has: nothing less, nothing more.
    #[test]
    fn scripts_list_exactly_what_they_find(
        granted in prop::collection::vec(grants(), 0..8),
        kept in prop::collection::vec((ids(), names()), 1..12),
        reader in ids(),
        prefix in prop_oneof![Just(String::new()), names()],
    ) {
        for store in stores() {
            let asked = Asked(store.clone());
            for grant in &granted {
                asked.ask(&id("a"), 0, Op::Grant(grant.clone()));
            }
            for (owner, name) in &kept {
                asked.set(&id(owner), &contract::key(name), &format!("\"{owner}\""), QUOTA).expect("room");
            }
            let model = store.grants().list();
            let mut seen: Vec<&str> = kept.iter().map(|(_, name)| &**name).filter(|name| {
                let whose = meaning(&model, &id(&reader), name).map_or(id(&reader), |target| target.owner);
                name.starts_with(&prefix) && kept.iter().any(|(owner, kept)| id(owner) == whose && kept == name)
            }).collect();
            seen.sort_unstable();
            seen.dedup();
            let wanted = format!("{}\n", serde_json::to_string(&seen).expect("JSON"));
            let listed = run(&store, &reader, &format!("print(json.encode(json.array(State.list({prefix:?}))))"));
            prop_assert_eq!(listed, wanted);
            for name in seen {
                let whose = meaning(&model, &id(&reader), name).map_or(id(&reader), |target| target.owner);
                let found = run(&store, &reader, &format!("return State.get({name:?}), State.has({name:?})"));
                prop_assert_eq!(found, format!("{}\ttrue", whose.as_str()), "{} for {}", name, reader);
            }
        }
    }
}

fn stores() -> [Arc<dyn Store>; 2] {
    [Arc::<MemoryStore>::default(), Arc::new(Remote(MemoryStore::default()))]
}

fn run_within(quota: usize, store: &Arc<dyn Store>, by: &str, source: &str) -> String {
    let mut script = script(source);
    (script.id, script.name) = (id(by), by.into());
    script.services = Arc::new(Services::new(store.clone(), quota));
    execute(script).unwrap_or_else(|failure| format!("{}: {}", failure.error.code.as_str(), failure.error))
}

fn run(store: &Arc<dyn Store>, by: &str, source: &str) -> String {
    run_within(QUOTA, store, by, source)
}

#[test]
fn a_grant_to_read_shows_and_does_not_give() {
    for store in stores() {
        let asked = Asked(store.clone());
        run(&store, "shop", "State.set('price/apple', 3) State.set('price/pear', { n = 4 }) State.set('secret', 1)");
        assert_eq!(
            asked.ask(&id("shop"), 0, Op::Grant(grant("shop", "price/*", "*", Access::Read))).response,
            Ok(Response::Done)
        );
        assert_eq!(
            run(&store, "a", "return State.get('price/apple'), State.get('price/pear').n, State.list()"),
            "3\t4\t[\"price/apple\",\"price/pear\"]"
        );
        assert_eq!(
            run(
                &store,
                "a",
                "return State.get('price/plum', 'none'), State.has('price/plum'), State.ttl('price/apple')"
            ),
            "none\tfalse\tinf"
        );
        for write in [
            "State.set('price/apple', 0)",
            "State.set('price/new', 0)",
            "State.delete('price/apple')",
            "State.incr('price/apple')",
            "State.add('price/new', 1)",
            "State.replace('price/apple', 1)",
            "State.cas('price/apple', 3, 1)",
            "State.expire('price/apple', 1)",
            "State.update('price/apple', function() return 0 end)",
            "State.set('price/apple', nil)",
        ] {
            let refused = run(&store, "a", write);
            assert!(
                refused.starts_with("ERR_STATE_DENIED: a:1: State.")
                    && refused.ends_with("was granted by 'shop' to be read only"),
                "{refused}"
            );
        }
        assert!(run(&store, "a", "State.get('secret')").starts_with("ERR_STATE_DENIED"));
        assert_eq!(
            run(&store, "shop", "State.set('price/apple', 5) return State.get('price/apple')"),
            "5",
            "the owner may still write"
        );
        assert_eq!(run(&store, "a", "return State.get('price/apple')"), "5");
    }
}

#[test]
fn a_grant_to_write_charges_the_owner_and_leaves_the_writer_who_it_is() {
    for store in stores() {
        let asked = Asked(store.clone());
        run(&store, "a", "State.set('shared/own', 'hidden while the grant lasts')");
        let granted = grant("owner", "shared/*", "a", Access::Write);
        asked.ask(&id("owner"), 0, Op::Grant(granted.clone()));
        assert_eq!(
            run(
                &store,
                "a",
                "State.set('shared/x', script.id) State.incr('shared/n') return script.id, State.has('shared/own')"
            ),
            "a\tfalse"
        );
        assert_eq!(
            run(&store, "owner", "return State.get('shared/x'), State.list()"),
            "a\t[\"shared/n\",\"shared/x\"]"
        );
        assert_eq!((asked.size(&id("a")).0, asked.size(&id("owner")).0), (1, 2));
        let big = "State.set('shared/big', ('x'):rep(2000))";
        assert!(run_within(1500, &store, "a", big).starts_with("ERR_STATE_QUOTA"));
        run_within(100_000, &store, "a", big);
        assert!(
            run_within(1500, &store, "owner", "State.set('one more', 1)").starts_with("ERR_STATE_QUOTA"),
            "it is the owner's"
        );
        assert_eq!(run_within(1500, &store, "a", "State.set('my own', 1) return State.get('my own')"), "1");
        asked.ask(&id("owner"), 0, Op::Revoke(granted));
        assert_eq!(
            run(&store, "a", "return State.get('shared/own'), State.list()"),
            "hidden while the grant lasts\t[\"my own\",\"shared/own\"]"
        );
        assert!(run(&store, "a", "State.get('shared/x')").starts_with("ERR_STATE_DENIED"));
    }
}

#[test]
fn revoking_while_scripts_are_at_work_leaves_each_operation_whole() {
    let store: Arc<dyn Store> = Arc::<MemoryStore>::default();
    let asked = Asked(store.clone());
    let granted = grant("owner", "n", "a", Access::Write);
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            run(
                &store,
                "a",
                "local n = 0 for i = 1, 2000 do State.update('n', function(v) return v + 1 end, 0) end return 'done'",
            )
        });
        while !worker.is_finished() {
            asked.ask(&id("owner"), 0, Op::Grant(granted.clone()));
            asked.ask(&id("owner"), 0, Op::Revoke(granted.clone()));
        }
        assert_eq!(worker.join().expect("no panic"), "done");
    });
    let sum: i64 = ["a", "owner"]
        .map(|owner| run(&store, owner, "return State.get('n', 0)").parse::<i64>().unwrap_or(0))
        .iter()
        .sum();
    assert_eq!(sum, 2_000, "each update was in one of the spaces");
}

#[test]
fn a_grant_that_makes_no_sense_is_refused_by_name() {
    assert!(Pattern::new("").is_err_and(|why| why == "an empty string"));
    assert!(Pattern::new("*").is_err_and(|why| why.starts_with("'*', which would hide every key")));
    assert!(Pattern::new(&"x".repeat(513)).is_err());
    let to = Grantee::One(id("a"));
    assert!(
        Grant::new(id("a"), Pattern::new("k").expect("a pattern"), to, Access::Read)
            .is_err_and(|why| why == "'a', who owns the keys")
    );
    let asked = Asked(Arc::<MemoryStore>::default());
    asked.ask(&id("a"), 0, Op::Grant(grant("a", "k", "b", Access::Read)));
    let taken = asked.ask(&id("c"), 0, Op::Grant(grant("c", "k", "b", Access::Write))).response;
    assert_eq!(taken, Err(StoreError::Taken(id("a"))));
}

#[test]
fn keys_that_only_others_have_count_as_missing_when_the_host_says_so() {
    for store in stores() {
        let run = |by: &str, source: &str| {
            let mut script = script(source);
            (script.id, script.name) = (id(by), by.into());
            script.services = Arc::new(Services::new(store.clone(), QUOTA).with_foreign_keys_missing());
            execute(script).unwrap_or_else(|failure| failure.error.to_string())
        };
        run("a", "State.set('k', 1)");
        assert_eq!(run("b", "return State.get('k', 'mine'), State.get('k'), State.has('k')"), "mine\tnil\tfalse");
        assert_eq!(run("b", "State.set('k', 2) return State.get('k')"), "2");
        assert_eq!(run("a", "return State.get('k')"), "1");
    }
}
