//! The file's schema, its versions, and what makes a file one of ours.

use rusqlite::{Connection, TransactionBehavior};

/// What each schema version adds to the one before it; the first makes an empty file ours. Never
/// change one that was published: add another.
const MIGRATIONS: &[&str] = &[
    // 1. The latch is one row, the whole of `core::action::Latch` as JSON with its CRC-32; a field
    // that is new with a default needs no migration. `imported` keeps the text of a former
    // version's file, so that a renaming that was cut off can be told from a later write.
    "CREATE TABLE latch (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        body TEXT NOT NULL,
        crc32 INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE imported (
        name TEXT PRIMARY KEY,
        body TEXT NOT NULL
     ) STRICT;
     CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        what TEXT NOT NULL,
        kind TEXT NOT NULL,
        hold TEXT,
        sentence TEXT NOT NULL,
        incident TEXT NOT NULL,
        evidence TEXT NOT NULL
     ) STRICT;
     CREATE INDEX history_at ON history (at);",
    // Alarms: what waits for each channel, what a channel shows of an incident, and what the
    // pipeline remembers (`kept`, JSON by name).
    "CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        channel TEXT NOT NULL,
        queued INTEGER NOT NULL,
        message TEXT NOT NULL
     ) STRICT;
     CREATE TABLE shown (
        channel TEXT NOT NULL,
        incident TEXT NOT NULL,
        shown TEXT NOT NULL,
        at INTEGER NOT NULL,
        remove_at INTEGER,
        PRIMARY KEY (channel, incident)
     ) STRICT;
     CREATE TABLE kept (
        name TEXT PRIMARY KEY,
        body TEXT NOT NULL
     ) STRICT;",
    // 2. What is measured every ten seconds and, older than a week, by the hour; our turns as they
    // were settled, a row each, the slots as bits; incidents and what was sent about them.
    "CREATE TABLE samples (
        at INTEGER PRIMARY KEY,
        head INTEGER,
        lib INTEGER,
        head_age_ms INTEGER,
        best INTEGER,
        median INTEGER,
        agree INTEGER NOT NULL,
        refs INTEGER NOT NULL,
        own_age_ms INTEGER,
        producing INTEGER NOT NULL,
        peers INTEGER,
        incidents INTEGER NOT NULL,
        host TEXT
     ) STRICT;
     CREATE TABLE hours (
        at INTEGER PRIMARY KEY,
        body TEXT NOT NULL
     ) STRICT;
     CREATE TABLE turns (
        at INTEGER PRIMARY KEY,
        last INTEGER NOT NULL,
        turns INTEGER NOT NULL,
        producer TEXT NOT NULL,
        met INTEGER NOT NULL,
        late INTEGER NOT NULL,
        forked INTEGER NOT NULL,
        missed INTEGER NOT NULL,
        here INTEGER NOT NULL,
        losses TEXT NOT NULL,
        proof TEXT NOT NULL,
        settled INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE incidents (
        id TEXT PRIMARY KEY,
        cause TEXT NOT NULL,
        severity TEXT NOT NULL,
        began INTEGER NOT NULL,
        ended INTEGER,
        title TEXT NOT NULL,
        proof TEXT NOT NULL,
        changed INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX incidents_began ON incidents (began);
     CREATE TABLE notifications (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        channel TEXT NOT NULL,
        message TEXT NOT NULL,
        incident TEXT NOT NULL,
        kind TEXT NOT NULL,
        outcome TEXT NOT NULL
     ) STRICT;
     CREATE INDEX notifications_at ON notifications (at);
     CREATE INDEX notifications_incident ON notifications (incident);
     CREATE INDEX history_incident ON history (incident);",
    // What the mining pool answered; an hour that is older than a week is in `hours`. A hashrate is
    // a number without a sign, kept as its bits.
    "CREATE TABLE pool (
        at INTEGER PRIMARY KEY,
        online INTEGER NOT NULL,
        offline INTEGER NOT NULL,
        hashrate INTEGER NOT NULL,
        floor INTEGER
     ) STRICT;",
];

/// `application_id` of a state file: "eosk".
pub(super) const APPLICATION_ID: i64 = 0x656f_736b;

/// What a file says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// The schema this eoskeeper works with.
    Current,
    /// A schema of an earlier eoskeeper: its number.
    Older(i64),
    /// A schema of a later eoskeeper: its number.
    Newer(i64),
    /// Not a state file.
    Foreign,
}

/// The last schema version known here.
pub(super) const fn known() -> i64 {
    MIGRATIONS.len() as i64
}

/// Reads what the file says it is.
pub(super) fn identify(connection: &Connection) -> rusqlite::Result<Identity> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    Ok(match version {
        _ if application != APPLICATION_ID => Identity::Foreign,
        version if version > known() => Identity::Newer(version),
        version if version == known() => Identity::Current,
        // Zero and below: whoever writes our id writes a version with it.
        1.. => Identity::Older(version),
        _ => Identity::Foreign,
    })
}

/// Whether a file of the current schema has every table and index of it, as they were made.
pub(super) fn is_complete(connection: &Connection) -> rusqlite::Result<bool> {
    let mut expected = Connection::open_in_memory()?;
    migrate(&mut expected, 0)?;
    let found = definitions(connection)?;
    Ok(definitions(&expected)?.iter().all(|definition| found.contains(definition)))
}

fn definitions(connection: &Connection) -> rusqlite::Result<Vec<(String, Option<String>)>> {
    let mut select = connection.prepare("SELECT name, sql FROM sqlite_schema")?;
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Brings a file from schema `from` to the last one, in one transaction.
pub(super) fn migrate(connection: &mut Connection, from: i64) -> rusqlite::Result<()> {
    migrate_with(connection, from, MIGRATIONS)
}

fn migrate_with(connection: &mut Connection, from: i64, all: &[&str]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let missing = all.iter().skip(usize::try_from(from).unwrap_or(usize::MAX));
    for sql in missing {
        transaction.execute_batch(sql)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", all.len() as i64)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i64 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_file_of_an_earlier_schema_gets_what_it_lacks_and_keeps_what_it_has() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(identify(&connection).unwrap(), Identity::Foreign);
        migrate(&mut connection, 0).unwrap();
        assert_eq!(identify(&connection).unwrap(), Identity::Current);
        assert!(is_complete(&connection).unwrap());
        connection.execute("INSERT INTO latch VALUES (1, 'x', 7)", []).unwrap();
        let mut later = MIGRATIONS.to_vec();
        later.push("ALTER TABLE history ADD COLUMN node TEXT");
        migrate_with(&mut connection, known(), &later).unwrap();
        assert_eq!(version(&connection), known() + 1);
        assert_eq!(identify(&connection).unwrap(), Identity::Newer(known() + 1));
        let body: String =
            connection.query_row("SELECT body FROM latch", [], |row| row.get(0)).unwrap();
        assert_eq!(body, "x");
        connection.prepare("SELECT node FROM history").unwrap();
        assert!(!is_complete(&connection).unwrap(), "a column more is another table");
    }

    #[test]
    fn every_earlier_schema_becomes_the_last_one() {
        for from in 1..MIGRATIONS.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            migrate_with(&mut connection, 0, &MIGRATIONS[..from]).unwrap();
            assert_eq!(identify(&connection).unwrap(), Identity::Older(from as i64));
            migrate(&mut connection, from as i64).unwrap();
            assert!(is_complete(&connection).unwrap(), "from {from}");
        }
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, 0).unwrap();
        let mut later = MIGRATIONS.to_vec();
        later.extend(["CREATE TABLE peers (name TEXT)", "DROP TABLE no_such"]);
        assert!(migrate_with(&mut connection, known(), &later).is_err());
        assert_eq!(version(&connection), known());
        assert!(connection.prepare("SELECT * FROM peers").is_err());
    }

    #[test]
    fn a_version_without_our_id_is_not_ours() {
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", known()).unwrap();
        assert_eq!(identify(&connection).unwrap(), Identity::Foreign);
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        assert_eq!(identify(&connection).unwrap(), Identity::Current);
        connection.pragma_update(None, "user_version", 0).unwrap();
        assert_eq!(identify(&connection).unwrap(), Identity::Foreign);
    }
}
