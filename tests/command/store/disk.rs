//! A disk that is full, may only be read, or is gone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use eoskeeper::core::action::LatchStage;
use eoskeeper::core::time::Timestamp;
use eoskeeper::daemon::outbox::Journal;
use eoskeeper::history::store::{Bounds, Store, StoreError, peek};

use super::{latch, producer};

/// A file system of its own in memory, unmounted when dropped.
struct Disk {
    at: PathBuf,
    _temp: tempfile::TempDir,
}

impl Disk {
    /// `None`, and said, where this user may not mount.
    fn mount(kib: u32) -> Option<Self> {
        let temp = tempfile::tempdir().unwrap();
        let at = temp.path().join("disk");
        fs::create_dir(&at).unwrap();
        let size = format!("size={kib}k");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "eoskeeper-test"])
            .arg(&at)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { at, _temp: temp }),
            failed => {
                let why = failed.map_or_else(
                    |error| error.to_string(),
                    |output| String::from_utf8_lossy(&output.stderr).trim().to_owned(),
                );
                eprintln!("SKIPPED: a disk of its own needs the right to mount one: {why}");
                None
            }
        }
    }

    fn remount(&self, option: &str) {
        let option = format!("remount,{option}");
        let done = Command::new("mount").args(["-o", &option]).arg(&self.at).status().unwrap();
        assert!(done.success(), "{option}");
    }

    /// Fills what is left; the file to remove.
    fn fill(&self) -> PathBuf {
        let path = self.at.join("filler");
        let piece = [0_u8; 512];
        let mut file = fs::File::create(&path).unwrap();
        while std::io::Write::write_all(&mut file, &piece).is_ok() {}
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.at).status();
    }
}

#[tokio::test]
async fn on_a_full_disk_what_can_be_read_does_not_say_that_it_is_written() {
    let Some(disk) = Disk::mount(4096) else { return };
    let store = Store::open(&disk.at.join("state")).unwrap();
    store.load(producer()).unwrap();
    let journal = Journal::new(Some(Arc::new(store)));
    let now = Timestamp::from_ms(1_795_300_000_000);
    let desk = |kib: usize| Some(("desk".to_owned(), "x".repeat(kib * 1024)));
    journal.enqueue(desk(4), now, Vec::new()).await;
    assert!(!journal.is_failing());
    let filler = disk.fill();
    journal.enqueue(desk(512), now, Vec::new()).await;
    assert!(journal.is_failing());
    assert!(journal.removal("telegram", now).await.is_none());
    assert!(journal.is_failing(), "a look ended the failure");
    fs::remove_file(filler).unwrap();
    journal.enqueue(desk(4), now, Vec::new()).await;
    assert!(!journal.is_failing());
}

#[test]
fn on_a_full_disk_a_write_fails_and_the_former_latch_stays() {
    let Some(disk) = Disk::mount(512) else { return };
    let dir = disk.at.join("state");
    let store = Store::open(&dir).unwrap();
    store.save(&latch(LatchStage::Promoting)).unwrap();
    let filler = disk.fill();
    for _ in 0..3 {
        let error = store.save(&latch(LatchStage::Promoted)).unwrap_err();
        assert!(matches!(error, StoreError::Io { what: "write", .. }), "{error:?}");
        assert!(error.to_string().contains("free space"), "{error}");
        let entries = [super::history::entry(1)];
        assert!(store.append(&entries, &Bounds::DEFAULT).is_err());
    }
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Promoting)));
    // The next process finds the same.
    drop(store);
    let store = Store::open(&dir).unwrap();
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Promoting)));
    assert!(store.save(&latch(LatchStage::Promoted)).is_err());
    // With room again, what was begun is no hindrance.
    fs::remove_file(filler).unwrap();
    store.save(&latch(LatchStage::Demoting)).unwrap();
    store.append(&[super::history::entry(1)], &Bounds::DEFAULT).unwrap();
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Demoting)));
}

#[test]
fn a_state_file_that_has_no_room_to_be_made_is_not_there_half() {
    let Some(disk) = Disk::mount(256) else { return };
    let filler = disk.fill();
    let dir = disk.at.join("state");
    for _ in 0..2 {
        let opened = Store::open(&dir).and_then(|store| store.load(producer()));
        assert!(matches!(opened, Err(StoreError::Io { .. })), "{opened:?}");
        assert!(!dir.join("state.sqlite").exists());
    }
    fs::remove_file(filler).unwrap();
    Store::open(&dir).unwrap().save(&latch(LatchStage::Promoting)).unwrap();
}

#[test]
fn on_a_disk_that_may_only_be_read_nothing_is_promised() {
    let Some(disk) = Disk::mount(512) else { return };
    let dir = disk.at.join("state");
    let store = Store::open(&dir).unwrap();
    store.save(&latch(LatchStage::Promoted)).unwrap();
    drop(store);
    disk.remount("ro");
    let error = Store::open(&dir).unwrap_err();
    assert!(matches!(error, StoreError::Io { what: "open", .. }), "{error:?}");
    assert_eq!(peek(&dir, producer()).unwrap(), Some(latch(LatchStage::Promoted)));
    disk.remount("rw");
    let store = Store::open(&dir).unwrap();
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Promoted)));
}

#[test]
fn a_file_that_may_only_be_read_is_refused_before_anything_depends_on_it() {
    let Some(disk) = Disk::mount(512) else { return };
    let dir = disk.at.join("state");
    Store::open(&dir).unwrap().save(&latch(LatchStage::Promoted)).unwrap();
    let (path, elsewhere) = (dir.join("state.sqlite"), tempfile::tempdir().unwrap());
    disk.remount("ro");
    std::os::unix::fs::symlink(&path, elsewhere.path().join("state.sqlite")).unwrap();
    let store = Store::open(elsewhere.path()).unwrap();
    let errors =
        [store.load(producer()).unwrap_err(), store.save(&latch(LatchStage::Standby)).unwrap_err()];
    for error in errors {
        assert!(matches!(error, StoreError::Io { what: "write", .. }), "{error:?}");
        assert!(error.to_string().contains("may only be read"), "{error}");
    }
    assert_eq!(peek(elsewhere.path(), producer()).unwrap(), Some(latch(LatchStage::Promoted)));
    disk.remount("rw");
}

#[test]
fn where_it_cannot_be_written_the_error_names_the_place() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("file");
    fs::write(&file, "").unwrap();
    for dir in [file.clone(), file.join("below")] {
        let error = Store::open(&dir).unwrap_err().to_string();
        assert!(error.starts_with("cannot make") && error.contains("/file"), "{error}");
    }
    // The directory is gone: nothing is kept in memory that would look like success.
    let dir = temp.path().join("state");
    let store = Store::open(&dir).unwrap();
    store.save(&latch(LatchStage::Promoting)).unwrap();
    fs::remove_dir_all(&dir).unwrap();
    for _ in 0..2 {
        let error = store.save(&latch(LatchStage::Promoted)).unwrap_err();
        assert!(matches!(error, StoreError::Moved { .. } | StoreError::Io { .. }), "{error:?}");
        assert!(error.to_string().contains("state"), "{error}");
    }
}

/// Set in the process that may not write, to the state directory.
const STATE_DIR: &str = "EOSKEEPER_TEST_STATE_DIR";

#[test]
fn when_no_file_can_grow_any_more_the_former_latch_stays() {
    if let Some(dir) = std::env::var_os(STATE_DIR) {
        let store = Store::open(Path::new(&dir)).unwrap();
        let error = store.save(&latch(LatchStage::Promoted)).unwrap_err();
        assert!(matches!(error, StoreError::Io { what: "write", .. }), "{error:?}");
        assert!(error.to_string().contains("free space"), "{error}");
        assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Promoting)));
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    Store::open(temp.path()).unwrap().save(&latch(LatchStage::Promoting)).unwrap();
    // This test again, in a process whose files may not grow: as on a full disk, a file can be
    // made and not be written.
    let ran = Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "bash"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "store::disk::when_no_file_can_grow_any_more_the_former_latch_stays"])
        .env(STATE_DIR, temp.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
    // With room again, what was begun is no hindrance.
    let store = Store::open(temp.path()).unwrap();
    store.save(&latch(LatchStage::Demoting)).unwrap();
    assert_eq!(store.load(producer()).unwrap(), Some(latch(LatchStage::Demoting)));
}
