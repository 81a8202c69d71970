//! From one node to several and back: whose is the state that lies in a directory?
//!
//! A keeper of one node has its state in the directory itself, one of several nodes in `nodes/NAME`.
//! What a latch says must never be lost by a change of the configuration: it may be that this node
//! produces.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::connection::{self, Access};
use super::error::StoreError;
use super::{FILE, entries, latch_row, legacy, lock, reader, turns};
use crate::core::name::Name;

/// Where the states of several nodes are.
const NODES: &str = "nodes";

/// A node of several, and where its state is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heir {
    /// Its name.
    pub name: String,
    /// Its producer.
    pub producer: Name,
    /// Its own state directory.
    pub dir: PathBuf,
}

/// Why a state is given to nobody. Whoever gets one must not promote.
#[derive(Debug, thiserror::Error)]
pub enum Unclaimed {
    /// No node has this producer, or several have.
    #[error(
        "{} is the state of a keeper of one node, of producer {producer}, and {}; move it to \
         {NODES}/NAME of the node it belongs to, or away", path.display(), whose(names)
    )]
    Whose {
        /// The file.
        path: PathBuf,
        /// Whom it is about.
        producer: Name,
        /// The nodes it may belong to.
        names: Vec<String>,
    },
    /// The states there are those of several nodes, and this configuration is about one.
    #[error(
        "{} has states of several nodes, and this configuration has no [node:NAME]; move the \
         state.sqlite of this node into {}, or that directory away", .nodes.display(), .dir.display()
    )]
    OfSeveral {
        /// Where they are.
        nodes: PathBuf,
        /// Where that of one node would be.
        dir: PathBuf,
    },
    /// It cannot be read or moved.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn whose(names: &[String]) -> String {
    match names {
        [] => "no node of the configuration has that producer, or each has a state already".into(),
        names => format!("several nodes have that producer: {}", names.join(", ")),
    }
}

/// Gives the state that a keeper of one node left in `dir` to the node that has its producer, as
/// long as that has none. The directory must be locked by this process. Says to whom it went.
///
/// # Errors
/// [`Unclaimed`]: nobody has it, and none of the nodes without a state may act.
pub fn adopt(dir: &Path, heirs: &[Heir]) -> Result<Option<String>, Unclaimed> {
    let (path, former) = (dir.join(FILE), legacy::path(dir));
    let has_file = reader::exists(&path)?;
    let producer = match has_file {
        true => producer_of(&path)?,
        false => legacy::read(dir)?.map(|former| former.latch.producer),
    };
    // A file without any producer is one in which nothing was ever written.
    let Some(producer) = producer else { return Ok(None) };
    let mut free = Vec::new();
    for heir in heirs.iter().filter(|heir| heir.producer == producer) {
        if !reader::exists(&heir.dir.join(FILE))? {
            free.push(heir);
        }
    }
    let [heir] = free[..] else {
        let names = free.iter().map(|heir| heir.name.clone()).collect();
        let path = if has_file { path } else { former };
        return Err(Unclaimed::Whose { path, producer, names });
    };
    lock::make_dir(&heir.dir)?;
    // The old layout's file first: left behind alone it is taken up by the next start.
    for from in [former, path] {
        if reader::exists(&from)? {
            let name = from.file_name().unwrap_or_default();
            fs::rename(&from, heir.dir.join(name)).map_err(StoreError::io("move", from.clone()))?;
        }
    }
    lock::sync(&heir.dir)?;
    lock::sync(dir)?;
    Ok(Some(heir.name.clone()))
}

/// Whom a file is about: its latch, else the last turn in it, else its last start.
fn producer_of(path: &Path) -> Result<Option<Name>, StoreError> {
    // Also brings it to the schema of this eoskeeper, and undoes what a crash left half written.
    let connection = connection::open(path, Access::ReadWrite)?;
    if let Some(latch) = latch_row::read_any(&connection, path)? {
        return Ok(Some(latch.producer));
    }
    match turns::last_producer(&connection, path)? {
        Some(producer) => Ok(Some(producer)),
        // A keeper that neither acted nor was due yet.
        None => entries::last_started(&connection, path),
    }
}

/// Refuses a directory whose states are those of several nodes, and that of one is not there: what
/// they say would be lost.
///
/// # Errors
/// [`Unclaimed::OfSeveral`].
pub fn must_be_of_one(dir: &Path) -> Result<(), Unclaimed> {
    if reader::exists(&dir.join(FILE))? {
        return Ok(());
    }
    let nodes = dir.join(NODES);
    let entries = match fs::read_dir(&nodes) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        read => read.map_err(StoreError::io("read", nodes.clone()))?,
    };
    for entry in entries {
        let entry = entry.map_err(StoreError::io("read", nodes.clone()))?;
        if reader::exists(&entry.path().join(FILE))? {
            return Err(Unclaimed::OfSeveral { nodes, dir: dir.to_owned() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::action::Latch;
    use crate::core::time::Timestamp;
    use crate::history::entry::{Entry, What};
    use crate::history::store::{Bounds, Store};

    fn heir(dir: &Path, name: &str, producer: &str) -> Heir {
        let dir = dir.join(NODES).join(name);
        Heir { name: name.to_owned(), producer: producer.parse().unwrap(), dir }
    }

    /// What a keeper of one node leaves.
    fn left(dir: &Path, has_latch: bool) {
        let store = Store::open(dir).unwrap();
        let producer: Name = "eosstorebest".parse().unwrap();
        store.load(producer).unwrap();
        let facts = serde_json::json!({ "producer": producer });
        let start = Entry::own(Timestamp::from_ms(7), What::Start, "It starts.", facts);
        store.append(&[start], &Bounds::DEFAULT).unwrap();
        if has_latch {
            store.save(&Latch::at_rest(producer, Timestamp::from_ms(9))).unwrap();
        }
    }

    #[test]
    fn a_state_goes_to_the_only_node_of_its_producer() {
        for has_latch in [true, false] {
            let temp = tempfile::tempdir().unwrap();
            let dir = temp.path();
            left(dir, has_latch);
            let heirs = [heir(dir, "wax", "waxstorebest"), heir(dir, "eos", "eosstorebest")];
            assert_eq!(adopt(dir, &heirs).unwrap().as_deref(), Some("eos"), "{has_latch}");
            assert!(!dir.join(FILE).exists());
            let store = Store::open(&heirs[1].dir).unwrap();
            let latch = store.load("eosstorebest".parse().unwrap()).unwrap();
            assert_eq!(latch.is_some(), has_latch);
            assert_eq!(adopt(dir, &heirs).unwrap(), None, "once");
            let said = must_be_of_one(dir).unwrap_err().to_string();
            assert!(said.contains("has states of several nodes"), "{said}");
        }
    }

    #[test]
    fn a_state_of_nobody_or_of_several_is_given_to_nobody() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path();
        assert_eq!(adopt(dir, &[]).unwrap(), None, "there is none");
        must_be_of_one(dir).unwrap();
        left(dir, true);
        must_be_of_one(dir).unwrap();
        let twins = [heir(dir, "a", "eosstorebest"), heir(dir, "b", "eosstorebest")];
        for (case, heirs, words) in [
            ("nobody", &[heir(dir, "wax", "waxstorebest")][..], "no node of the configuration"),
            ("two", &twins[..], "several nodes have that producer: a, b"),
        ] {
            let said = adopt(dir, heirs).unwrap_err().to_string();
            assert!(
                said.contains(words) && said.contains("of producer eosstorebest"),
                "{case}: {said}"
            );
            assert!(dir.join(FILE).exists(), "{case}");
        }
        // One of them has a state already: it is the other's.
        left(&twins[0].dir, true);
        assert_eq!(adopt(dir, &twins).unwrap().as_deref(), Some("b"));
    }

    #[test]
    fn what_the_first_eoskeeper_left_goes_with_it() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path();
        let latch = Latch::at_rest("eosstorebest".parse().unwrap(), Timestamp::from_ms(9));
        let mut fields = serde_json::to_value(&latch).unwrap();
        fields["version"] = legacy::VERSION.into();
        fs::write(legacy::path(dir), fields.to_string()).unwrap();
        let eos = heir(dir, "eos", "eosstorebest");
        assert_eq!(adopt(dir, std::slice::from_ref(&eos)).unwrap().as_deref(), Some("eos"));
        let store = Store::open(&eos.dir).unwrap();
        assert_eq!(store.load(eos.producer).unwrap(), Some(latch));
    }
}
