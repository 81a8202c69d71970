//! From one node to several and back, and from one name to another: whose is the state that lies in
//! a directory?
//!
//! A keeper of one node has its state in the directory itself, one of several nodes in `nodes/NAME`.
//! What a latch says must never be lost by a change of the configuration: it may be that this node
//! produces.

mod unclaimed;

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub use unclaimed::Unclaimed;

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

/// What became of the states in a directory that no node has.
#[derive(Debug, Default)]
pub struct Claims {
    /// Those that a node has now.
    pub given: Vec<Given>,
    /// Those that nobody got.
    pub refused: Vec<Refusal>,
}

/// A state that a node has now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The section it was of; `None` where it was that of a keeper of one node.
    pub of: Option<String>,
    /// The name of the node.
    pub name: String,
}

/// A state that nobody got.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub why: Unclaimed,
    /// The nodes that must not act as long as that is so.
    pub barred: Vec<String>,
}

impl Claims {
    fn refuse(&mut self, why: impl Into<Unclaimed>, barred: &[&Heir]) {
        self.refused.push(Refusal { why: why.into(), barred: names(barred) });
    }
}

/// A state that no node has, and whom it is about.
struct Left {
    of: Option<String>,
    dir: PathBuf,
    path: PathBuf,
    producer: Name,
    /// Nobody else moves or writes it meanwhile.
    _lock: Option<File>,
}

/// Gives the states that no node has to the nodes they are about: the one that a keeper of one node
/// left in `dir`, and those of sections that are gone, which may only have another name now. A node
/// gets one when it has none, and when there is exactly one of its producer, and no other node
/// could get it. The directory must be locked by this process.
///
/// Of what nobody got the nodes are named that must not act: those that could be meant, and for the
/// state of a keeper of one node also those of its producer that have an older one of their own.
pub fn adopt(dir: &Path, heirs: &[Heir]) -> Claims {
    let mut claims = Claims::default();
    // Where that cannot be told, the store of that node will say so.
    let has_none = |heir: &&Heir| matches!(reader::exists(&heir.dir.join(FILE)), Ok(false));
    let free: Vec<&Heir> = heirs.iter().filter(has_none).collect();
    let mut lying = Vec::new();
    match left_in(dir, None) {
        Ok(found) => lying.extend(found),
        Err(error) => claims.refuse(error, &free),
    }
    if !free.is_empty() {
        match of_gone_sections(dir, heirs) {
            Ok(found) => lying.extend(found),
            Err(error) => claims.refuse(error, &free),
        }
    }
    // One that cannot be read may be of any producer.
    let is_all_known = claims.refused.is_empty();
    let mut of_one = None;
    for (at, first) in lying.iter().enumerate() {
        let producer = first.producer;
        if lying[..at].iter().any(|left| left.producer == producer) {
            continue;
        }
        let same: Vec<&Left> = lying.iter().filter(|left| left.producer == producer).collect();
        let own: Vec<&Heir> =
            free.iter().filter(|heir| heir.producer == producer).copied().collect();
        match (&same[..], &own[..]) {
            ([left], [heir]) if is_all_known => match hand_over(left, heir) {
                Ok(()) => {
                    claims.given.push(Given { of: left.of.clone(), name: heir.name.clone() });
                }
                Err(error) => claims.refuse(error, &own),
            },
            // It comes first, so that it is the first of its producer.
            _ if first.of.is_none() => of_one = Some(whose(&same, &own, heirs)),
            // A section that was removed, and nobody takes its place.
            (_, []) => {}
            _ => claims.refuse(whose(&same, &own, heirs), &own),
        }
    }
    if let Some((why, producer)) = of_one.map(|why| (why, lying[0].producer)) {
        let is_given = |heir: &Heir| claims.given.iter().any(|given| given.name == heir.name);
        let may_not_act =
            |heir: &&Heir| heir.producer == producer || (free.contains(heir) && !is_given(heir));
        let barred: Vec<&Heir> = heirs.iter().filter(may_not_act).collect();
        claims.refuse(why, &barred);
    }
    claims
}

fn whose(same: &[&Left], own: &[&Heir], heirs: &[Heir]) -> Unclaimed {
    let producer = same[0].producer;
    let has_one = |heir: &&Heir| heir.producer == producer && !own.contains(heir);
    Unclaimed::Whose {
        paths: same.iter().map(|left| left.path.clone()).collect(),
        producer,
        names: names(own),
        owners: names(&heirs.iter().filter(has_one).collect::<Vec<_>>()),
    }
}

fn names(heirs: &[&Heir]) -> Vec<String> {
    heirs.iter().map(|heir| heir.name.clone()).collect()
}

/// What lies in a directory. A file without any producer is one in which nothing was ever written.
fn left_in(dir: &Path, of: Option<String>) -> Result<Option<Left>, StoreError> {
    let (path, former) = (dir.join(FILE), legacy::path(dir));
    let (path, producer) = match reader::exists(&path)? {
        true => {
            let producer = producer_of(&path)?;
            (path, producer)
        }
        false => (former, legacy::read(dir)?.map(|former| former.latch.producer)),
    };
    let dir = dir.to_owned();
    Ok(producer.map(|producer| Left { of, dir, path, producer, _lock: None }))
}

/// The states in `nodes` of sections that are not there.
fn of_gone_sections(dir: &Path, heirs: &[Heir]) -> Result<Vec<Left>, StoreError> {
    let mut found = Vec::new();
    for dir in with_states(&dir.join(NODES))? {
        if heirs.iter().any(|heir| heir.dir == dir) {
            continue;
        }
        let lock = lock::take(&dir)?;
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let left = left_in(&dir, Some(name))?;
        found.extend(left.map(|left| Left { _lock: Some(lock), ..left }));
    }
    Ok(found)
}

/// The directories in `nodes` that have a state, by name.
fn with_states(nodes: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(nodes) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(StoreError::io("read", nodes.to_owned()))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let dir = entry.map_err(StoreError::io("read", nodes.to_owned()))?.path();
        if dir.is_dir()
            && (reader::exists(&dir.join(FILE))? || reader::exists(&legacy::path(&dir))?)
        {
            found.push(dir);
        }
    }
    found.sort();
    Ok(found)
}

fn hand_over(left: &Left, heir: &Heir) -> Result<(), StoreError> {
    lock::make_dir(&heir.dir)?;
    // The old layout's file first: left behind alone it is taken up by the next start.
    for from in [legacy::path(&left.dir), left.dir.join(FILE)] {
        if reader::exists(&from)? {
            let name = from.file_name().unwrap_or_default();
            fs::rename(&from, heir.dir.join(name)).map_err(StoreError::io("move", from.clone()))?;
        }
    }
    lock::sync(&heir.dir)?;
    lock::sync(&left.dir)
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
    match with_states(&nodes)?.is_empty() {
        true => Ok(()),
        false => Err(Unclaimed::OfSeveral { nodes, dir: dir.to_owned() }),
    }
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

    fn handed(of: Option<&str>, name: &str) -> Given {
        Given { of: of.map(str::to_owned), name: name.to_owned() }
    }

    /// What is given; nothing is refused.
    #[track_caller]
    fn given(dir: &Path, heirs: &[Heir]) -> Vec<Given> {
        let claims = adopt(dir, heirs);
        assert!(claims.refused.is_empty(), "{claims:?}");
        claims.given
    }

    /// The only refusal: what it says and whom it bars; nothing is given.
    #[track_caller]
    fn refused(dir: &Path, heirs: &[Heir]) -> (String, Vec<String>) {
        let mut claims = adopt(dir, heirs);
        assert!(claims.given.is_empty() && claims.refused.len() == 1, "{claims:?}");
        let refusal = claims.refused.remove(0);
        (refusal.why.to_string(), refusal.barred)
    }

    #[test]
    fn a_state_goes_to_the_only_node_of_its_producer() {
        for has_latch in [true, false] {
            let temp = tempfile::tempdir().unwrap();
            let dir = temp.path();
            left(dir, has_latch);
            let heirs = [heir(dir, "wax", "waxstorebest"), heir(dir, "eos", "eosstorebest")];
            assert_eq!(given(dir, &heirs), [handed(None, "eos")], "{has_latch}");
            assert!(!dir.join(FILE).exists());
            let store = Store::open(&heirs[1].dir).unwrap();
            let latch = store.load("eosstorebest".parse().unwrap()).unwrap();
            assert_eq!(latch.is_some(), has_latch);
            assert!(given(dir, &heirs).is_empty(), "once");
            let said = must_be_of_one(dir).unwrap_err().to_string();
            assert!(said.contains("has states of several nodes"), "{said}");
        }
    }

    #[test]
    fn a_state_of_nobody_or_of_several_is_given_to_nobody() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path();
        assert!(given(dir, &[]).is_empty(), "there is none");
        must_be_of_one(dir).unwrap();
        left(dir, true);
        must_be_of_one(dir).unwrap();
        let twins = [heir(dir, "a", "eosstorebest"), heir(dir, "b", "eosstorebest")];
        for (case, heirs, words, barred) in [
            (
                "nobody",
                &[heir(dir, "wax", "waxstorebest")][..],
                "no node of the configuration",
                &["wax"][..],
            ),
            ("two", &twins[..], "several nodes have that producer: a, b", &["a", "b"][..]),
        ] {
            let (said, found) = refused(dir, heirs);
            assert!(
                said.contains(words) && said.contains("of producer eosstorebest"),
                "{case}: {said}"
            );
            assert_eq!(found, barred, "{case}");
            assert!(dir.join(FILE).exists(), "{case}");
        }
        // One of them has a state already: it is the other's.
        left(&twins[0].dir, true);
        assert_eq!(given(dir, &twins), [handed(None, "b")]);
    }

    #[test]
    fn a_node_whose_own_state_may_be_the_older_one_must_not_act() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path();
        let heirs = [
            heir(dir, "eos", "eosstorebest"),
            heir(dir, "wax", "waxstorebest"),
            heir(dir, "new", "newstorebest"),
        ];
        left(&heirs[0].dir, true);
        left(&heirs[1].dir, true);
        left(dir, true);
        let (said, barred) = refused(dir, &heirs);
        assert_eq!(barred, ["eos", "new"], "and the one that has none: {said}");
        for words in [
            format!("{} is a state of producer eosstorebest", dir.join(FILE).display()),
            "has a state already: eos".to_owned(),
            "move the older one away".to_owned(),
        ] {
            assert!(said.contains(&words), "{words}: {said}");
        }
        assert!(dir.join(FILE).exists() && heirs[0].dir.join(FILE).exists(), "nothing is moved");
        // What a person does about it.
        fs::rename(dir.join(FILE), heirs[0].dir.join(FILE)).unwrap();
        assert!(given(dir, &heirs).is_empty());
    }

    #[test]
    fn a_section_of_another_name_keeps_its_state() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path();
        let old = heir(dir, "EOS", "eosstorebest");
        left(&old.dir, true);
        let heirs = [heir(dir, "wax", "waxstorebest"), heir(dir, "eos", "eosstorebest")];
        assert_eq!(given(dir, &heirs), [handed(Some("EOS"), "eos")]);
        assert!(!old.dir.join(FILE).exists());
        assert!(!heirs[0].dir.join(FILE).exists(), "the other begins anew");
        let store = Store::open(&heirs[1].dir).unwrap();
        assert!(store.load(heirs[1].producer).unwrap().is_some());
        // A section that was removed, and whose place nobody takes.
        left(&old.dir, true);
        assert!(given(dir, &heirs).is_empty());
        assert!(old.dir.join(FILE).exists());
    }

    #[test]
    fn which_of_several_sections_had_another_name_is_not_guessed() {
        let damage: fn(&Path) = |dir| {
            fs::create_dir_all(dir).unwrap();
            fs::write(dir.join(FILE), "no database, and long enough").unwrap();
        };
        let one: fn(&Path) = |dir| left(dir, true);
        for (case, lying, sections, words, barred) in [
            (
                "two states",
                &[("nodes/x", one), ("nodes/y", one)][..],
                &["a"][..],
                "only one of them can be that of a",
                &["a"][..],
            ),
            (
                "two nodes",
                &[("nodes/x", one)][..],
                &["a", "b"][..],
                "several nodes have that producer: a, b",
                &["a", "b"][..],
            ),
            (
                "as many nodes as states",
                &[("nodes/x", one), ("nodes/y", one)][..],
                &["a", "b"][..],
                "several nodes have that producer: a, b",
                &["a", "b"][..],
            ),
            (
                "also that of one node",
                &[("", one), ("nodes/x", one)][..],
                &["a"][..],
                "only one of them can be that of a",
                // No state is on its way to it.
                &["wax", "a"][..],
            ),
            (
                "one that cannot be read",
                &[("nodes/x", one), ("nodes/y", damage)][..],
                &["a"][..],
                "nodes/y/state.sqlite is damaged",
                &["wax", "a"][..],
            ),
        ] {
            let temp = tempfile::tempdir().unwrap();
            let dir = temp.path();
            let mut heirs = vec![heir(dir, "wax", "waxstorebest")];
            heirs.extend(sections.iter().map(|name| heir(dir, name, "eosstorebest")));
            for (place, make) in lying {
                make(&dir.join(place));
            }
            let claims = adopt(dir, &heirs);
            assert!(claims.given.is_empty(), "{case}: {claims:?}");
            let first = &claims.refused[0];
            let said = first.why.to_string();
            assert!(said.contains(words), "{case}: {said}");
            assert_eq!(first.barred, barred, "{case}");
            for (place, _) in lying {
                assert!(dir.join(place).join(FILE).exists(), "{case}: {place}");
            }
        }
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
        assert_eq!(given(dir, std::slice::from_ref(&eos)), [handed(None, "eos")]);
        let store = Store::open(&eos.dir).unwrap();
        assert_eq!(store.load(eos.producer).unwrap(), Some(latch));
    }
}
