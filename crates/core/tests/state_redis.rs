//! The contract of stores, for the store on a Redis server.

mod contract;
mod redis_server;

use redis_server::{Server, shared};
use std::sync::LazyLock;

contract!(
    redis,
    match shared() {
        Some(server) => server.new_store(),
        None => return,
    }
);

/// A node that has all slots of a cluster: it refuses a script whose keys are not all in one.
static CLUSTER: LazyLock<Option<Server>> = LazyLock::new(|| {
    let server = Server::start(&["--cluster-enabled", "yes"])?;
    assert_eq!(server.ask(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]), "+OK");
    Some(server)
});

contract!(
    cluster,
    match &*CLUSTER {
        Some(server) => server.new_store(),
        None => return,
    }
);
