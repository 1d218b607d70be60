//! Grants in the database.

use super::schema;
use crate::state::{Access, Grant, Grantee, Pattern, ScriptId};
use rusqlite::{Connection, params};
use std::path::Path;

/// All grants.
///
/// # Errors
/// Why they cannot be read.
pub(super) fn read(connection: &Connection, path: &Path) -> Result<Vec<Grant>, String> {
    let rows = || {
        let mut statement = connection.prepare("SELECT owner, keys, grantee, access FROM grants")?;
        let rows =
            statement.query_map((), |row| Ok([row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    let rows = rows().map_err(|error| schema::at(path, error))?;
    let grant = |[owner, keys, grantee, access]: &[String; 4]| {
        let access = if access == "write" { Access::Write } else { Access::Read };
        Grant::new(ScriptId::new(owner)?, Pattern::new(keys)?, Grantee::new(grantee)?, access)
    };
    let named =
        |row: &[String; 4], error| schema::at(path, format!("a row of grants, {row:?}, does not read: {error}"));
    rows.iter().map(|row| grant(row).map_err(|error| named(row, error))).collect()
}

/// Writes one down, or deletes it.
///
/// # Errors
/// What SQLite says.
pub(super) fn write(connection: &Connection, grant: &Grant, revoked: bool) -> rusqlite::Result<()> {
    let (owner, keys, grantee) = (grant.owner.as_str(), grant.keys.as_str(), grant.to.as_str());
    if revoked {
        let sql = "DELETE FROM grants WHERE owner = ?1 AND keys = ?2 AND grantee = ?3";
        return connection.execute(sql, params![owner, keys, grantee]).map(|_| ());
    }
    let access = match grant.access {
        Access::Read => "read",
        Access::Write => "write",
    };
    let sql = "INSERT INTO grants (owner, keys, grantee, access) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET \
               owner = excluded.owner, access = excluded.access";
    connection.execute(sql, params![owner, keys, grantee, access]).map(|_| ())
}
