//! The scripts that Redis executes: each operation is one of them, and so one step.

use crate::state::space::ENTRY;
use redis::Cmd;
use std::sync::LazyLock;

/// A script.
pub(super) struct Script {
    code: String,
    /// What Redis calls it: its SHA-1.
    hash: String,
}

impl Script {
    fn new(code: &str) -> Self {
        let code = format!("local ENTRY = {ENTRY}\n{code}");
        let hash = redis::Script::new(&code).get_hash().to_owned();
        Self { code, hash }
    }
}

/// Makes the table of scripts, so that each is named once.
macro_rules! scripts {
    ($($name:ident = [$($file:literal),+],)+) => {
        $(pub(super) static $name: LazyLock<Script> = LazyLock::new(|| {
            Script::new(concat!($(include_str!(concat!("scripts/", $file))),+))
        });)+

        /// What makes a server know every script.
        pub(super) fn load() -> Vec<Cmd> {
            let scripts: &[&Script] = &[$(&$name),+];
            scripts.iter().map(|script| redis::cmd("SCRIPT").arg("LOAD").arg(&script.code).take()).collect()
        }
    };
}

scripts! {
    WRITE = ["space.lua", "write.lua"],
    INCR = ["space.lua", "incr.lua"],
    GET = ["space.lua", "get.lua"],
    LASTS = ["space.lua", "lasts.lua"],
    LIST = ["space.lua", "list.lua"],
    ENTRIES = ["space.lua", "entries.lua"],
    SIZE = ["space.lua", "size.lua"],
    CLEAR = ["space.lua", "clear.lua"],
    IMPORT = ["space.lua", "import.lua"],
    INDEX = ["index.lua"],
    GRANT = ["grant.lua"],
    REVOKE = ["revoke.lua"],
}

/// The command that executes a script on these keys; its arguments follow.
pub(super) fn evaluate(script: &Script, keys: &[String]) -> Cmd {
    // Room for the arguments of most scripts, so that the command grows in one piece.
    let mut command = Cmd::with_capacity(16, 384);
    command.arg("EVALSHA").arg(&script.hash).arg(keys.len()).arg(keys);
    command
}
