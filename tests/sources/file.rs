//! The file source against real files: every way a log is rotated, cut, removed, torn or hidden.

use crate::received;
use crate::source_log as log;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use eoskeeper::core::event::{LogSourceEvent, Replacement};
use eoskeeper::sources::file::follow;
use log::{Log, append, appender};
use received::Received;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn begins_at_the_end_of_what_is_there() {
    let mut log = Log::with_old_line().await;
    append(&log.path, b"new\n");
    log.expect(&["new"]).await;
}

#[tokio::test]
async fn a_line_torn_at_the_start_is_given_whole() {
    let mut log = Log::follow(|path| append(path, b"old\nhalf"));
    log.received.following().await;
    append(&log.path, b" whole\n");
    log.expect(&["half whole"]).await;
}

#[tokio::test]
async fn a_file_absent_at_start_is_read_from_its_beginning() {
    let mut log = Log::follow(|_| {});
    log.received.unavailable("does not exist yet").await;
    append(&log.path, b"first\nsecond\n");
    log.received.line("second").await;
    log.expect(&["first", "second"]).await;
    log.received.following().await;
}

#[tokio::test]
async fn a_directory_absent_at_start_may_come_later() {
    let mut log = Log::follow_named("later/nodeos.log", |_| {});
    log.received.unavailable("directory").await;
    fs::create_dir(log.beside("later")).unwrap();
    append(&log.path, b"first\n");
    log.received.line("first").await;
    log.expect(&["first"]).await;
}

#[tokio::test]
async fn a_line_written_in_two_parts_is_one_line() {
    let mut log = Log::with_old_line().await;
    append(&log.path, b"whole\ntext without");
    log.received.line("whole").await;
    append(&log.path, b" newline");
    append(&log.path, b"\n");
    log.expect(&["whole", "text without newline"]).await;
}

#[tokio::test]
async fn odd_bytes_come_as_they_are() {
    let mut log = Log::with_old_line().await;
    let odd: &[&[u8]] = &[b"\xff\xfe not UTF-8", b"a\0b", b"\0", b"", b"a\rb", "漢字".as_bytes()];
    for line in odd {
        append(&log.path, line);
        append(&log.path, b"\n");
    }
    append(&log.path, b"windows\r\n");
    log.received.line("windows").await;
    assert_eq!(log.received.lines[..odd.len()], *odd);
    assert_eq!(log.received.lines.len(), odd.len() + 1);
}

#[tokio::test]
async fn a_line_of_a_mebibyte_is_whole() {
    let mut log = Log::with_old_line().await;
    let line = "x".repeat(1024 * 1024);
    append(&log.path, format!("{line}\n").as_bytes());
    log.received.count(1).await;
    assert!(log.received.lines[0] == line.as_bytes(), "{}", log.received.lines[0].len());
    log.expect(&[&line]).await;
}

#[tokio::test]
async fn a_line_over_the_bound_is_cut_and_told() {
    let mut log = Log::with_old_line().await;
    let line = "x".repeat(3 * 1024 * 1024);
    append(&log.path, format!("{line}\n").as_bytes());
    log.expect(&[&line[..2 * 1024 * 1024]]).await;
    let lost = log.received.events.iter().find_map(|(_, event)| match event {
        LogSourceEvent::Lost { bytes, .. } => *bytes,
        _ => None,
    });
    assert_eq!(lost, Some(1024 * 1024));
}

#[tokio::test]
async fn two_hundred_thousand_lines_at_once_all_come() {
    const COUNT: usize = 200_000;
    let mut log = Log::with_old_line().await;
    let path = log.path.clone();
    let writer = tokio::task::spawn_blocking(move || {
        let mut file = std::io::BufWriter::new(appender(&path));
        for number in 0..COUNT {
            writeln!(
                file,
                "info  line number {number:07} of a burst, as long as a line of nodeos is, \
                with producer, block number, time and the rest of what it prints"
            )
            .unwrap();
        }
    });
    let began = std::time::Instant::now();
    log.received.count(COUNT).await;
    println!("{COUNT} lines received in {:?}", began.elapsed());
    writer.await.unwrap();
    for (number, line) in log.received.lines.iter().enumerate() {
        assert!(line.starts_with(format!("info  line number {number:07} ").as_bytes()));
    }
}

#[tokio::test]
async fn a_reader_that_waits_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nodeos.log");
    append(&path, b"");
    let (tx, rx) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let task = tokio::spawn(follow(path.clone(), tx, stop.clone()));
    let mut received = Received::new(rx);
    received.following().await;
    // Over 40 batches for a channel of one: the follower must wait for us, not we for it.
    for part in 0..100 {
        let lines: Vec<String> = (0..1000).map(|n| format!("{:0100}\n", part * 1000 + n)).collect();
        append(&path, lines.concat().as_bytes());
        tokio::task::yield_now().await;
    }
    received.count(100_000).await;
    let in_order = received.lines.iter().enumerate().all(|(n, line)| text_is(line, n));
    assert!(in_order, "a line is lost, repeated or out of order");
    stop.cancel();
    task.await.unwrap();
}

fn text_is(line: &[u8], number: usize) -> bool {
    line == format!("{number:0100}").as_bytes()
}

#[tokio::test]
async fn rename_rotation_with_late_writes_to_the_old_file() {
    let mut log = Log::with_old_line().await;
    let mut writer = appender(&log.path);
    writer.write_all(b"before\n").unwrap();
    fs::rename(&log.path, log.beside("nodeos.log.1")).unwrap();
    writer.write_all(b"late, file renamed\nlate and torn").unwrap();
    append(&log.path, b"new file\n");
    log.received.line("new file").await;
    assert_eq!(log.received.texts(), ["before", "late, file renamed", "new file"]);
    // The new file is being read, and the writer still has not reopened its log.
    writer.write_all(b", then whole\nlater still\n").unwrap();
    log.received.line("later still").await;
    let all =
        ["before", "late, file renamed", "new file", "late and torn, then whole", "later still"];
    log.expect(&all).await;
    log.received.replaced(Replacement::Rotated).await;
}

#[tokio::test]
async fn several_rotations_in_quick_succession() {
    let mut log = Log::with_old_line().await;
    let mut wanted = Vec::new();
    for round in 0..6 {
        let line = format!("file {round}");
        append(&log.path, format!("{line}\n").as_bytes());
        wanted.push(line);
        // As logrotate does: 3 -> 4, 2 -> 3, 1 -> 2, log -> 1.
        for number in (1..6).rev() {
            let from = log.beside(&format!("nodeos.log.{number}"));
            let _ = fs::rename(from, log.beside(&format!("nodeos.log.{}", number + 1)));
        }
        fs::rename(&log.path, log.beside("nodeos.log.1")).unwrap();
    }
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    log.expect(&wanted).await;
}

#[tokio::test]
async fn rotation_to_a_dated_name_then_compressed() {
    let mut log = Log::with_old_line().await;
    append(&log.path, b"one\n");
    log.received.line("one").await;
    let dated = log.beside("nodeos-20261121.log");
    fs::rename(&log.path, &dated).unwrap();
    append(&log.path, b"two\n");
    fs::write(log.beside("nodeos-20261121.log.gz"), b"\x1f\x8b\x08 no line\n").unwrap();
    fs::remove_file(&dated).unwrap();
    log.received.line("two").await;
    log.expect(&["one", "two"]).await;
}

#[tokio::test]
async fn copytruncate_goes_on_from_the_start() {
    let mut log = Log::with_old_line().await;
    let mut writer = appender(&log.path);
    for round in 0..3 {
        let line = format!("round {round}, long enough that the next file is shorter");
        writeln!(writer, "{line}").unwrap();
        log.received.line(&line).await;
        fs::copy(&log.path, log.beside("nodeos.log.1")).unwrap();
        File::options().write(true).open(&log.path).unwrap().set_len(0).unwrap();
        writeln!(writer, "{round}").unwrap();
        log.received.line(&round.to_string()).await;
    }
    let first = "round 0, long enough that the next file is shorter";
    assert_eq!(log.received.texts().len(), 6);
    assert_eq!(log.received.texts()[0], first);
    log.received.replaced(Replacement::Truncated).await;
}

#[tokio::test]
async fn a_file_cut_and_grown_past_the_old_place_between_two_looks() {
    let mut log = Log::with_old_line().await;
    append(&log.path, b"short\n");
    log.received.line("short").await;
    // One write: what the follower sees next is never shorter than what it read.
    fs::write(&log.path, b"a new beginning\nthat is longer than the old file was\n").unwrap();
    log.expect(&["short", "a new beginning", "that is longer than the old file was"]).await;
}

#[tokio::test]
async fn a_cut_file_whose_writer_does_not_append_has_a_hole() {
    let mut log = Log::follow(|path| append(path, b""));
    log.received.following().await;
    let mut writer = File::options().write(true).open(&log.path).unwrap();
    let line = "y".repeat(300_000);
    writeln!(writer, "{line}").unwrap();
    log.received.line(&line).await;
    File::options().write(true).open(&log.path).unwrap().set_len(0).unwrap();
    log.received.replaced(Replacement::Truncated).await;
    writer.write_all(b"behind the hole\n").unwrap();
    log.expect(&[&line, "behind the hole"]).await;
}

#[tokio::test]
async fn deletion_and_re_creation() {
    let mut log = Log::with_old_line().await;
    append(&log.path, b"before\n");
    log.received.line("before").await;
    fs::remove_file(&log.path).unwrap();
    log.received.unavailable("does not exist").await;
    append(&log.path, b"after\n");
    log.received.line("after").await;
    log.expect(&["before", "after"]).await;
    log.received.replaced(Replacement::Recreated).await;
}

#[tokio::test]
async fn deletion_and_re_creation_at_once_many_times() {
    let mut log = Log::with_old_line().await;
    let lines: Vec<String> = (0..20).map(|round| format!("file {round:02}")).collect();
    for line in &lines {
        // The same length each time: neither size nor, perhaps, inode tell the files apart.
        append(&log.path, format!("{line}\n").as_bytes());
        log.received.line(line).await;
        fs::remove_file(&log.path).unwrap();
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    log.expect(&lines).await;
}

#[tokio::test]
async fn a_symbolic_link_that_is_pointed_elsewhere_and_back() {
    let mut log = Log::follow(|path| {
        let target = path.with_file_name("monday");
        append(&target, b"old\n");
        symlink(target, path).unwrap();
    });
    log.received.following().await;
    append(&log.path, b"monday\n");
    log.received.line("monday").await;
    for (target, line) in [("tuesday", "tuesday"), ("monday", "monday again")] {
        append(&log.beside(target), format!("{line}\n").as_bytes());
        symlink(log.beside(target), log.beside("link")).unwrap();
        fs::rename(log.beside("link"), &log.path).unwrap();
        log.received.line(line).await;
    }
    log.expect(&["monday", "tuesday", "monday again"]).await;
}

#[tokio::test]
async fn what_is_no_file_is_named_and_may_become_one() {
    for (kind, named) in [("directory", "is a directory"), ("FIFO", "is a FIFO")] {
        let mut log = Log::follow(|path| {
            if kind == "FIFO" {
                assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
            } else {
                fs::create_dir(path).unwrap();
            }
        });
        log.received.unavailable(named).await;
        fs::rename(&log.path, log.beside("away")).unwrap();
        append(&log.path, b"a file at last\n");
        log.received.line("a file at last").await;
        log.expect(&["a file at last"]).await;
    }
}

#[tokio::test]
async fn stops_when_told_and_when_nobody_listens() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nodeos.log");
    append(&path, b"");
    let (tx, rx) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let task = tokio::spawn(follow(path.clone(), tx, stop.clone()));
    stop.cancel();
    tokio::time::timeout(received::PATIENCE, task).await.expect("stop was ignored").unwrap();

    drop(rx);
    let (tx, rx) = mpsc::channel(1);
    let task = tokio::spawn(follow(path, tx, CancellationToken::new()));
    drop(rx);
    tokio::time::timeout(received::PATIENCE, task).await.expect("follows for nobody").unwrap();
}

/// Set in the process that runs without root's rights.
const AS_NOBODY: &str = "EOSKEEPER_TEST_FILE_OF_NOBODY";

/// Root may read everything, so the test runs itself once more as `nobody`.
#[test]
fn permission_denied_is_named_and_may_be_granted() {
    if !rustix::process::geteuid().is_root() {
        let directory = tempfile::tempdir().unwrap();
        denied_then_granted(directory.path());
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
    let program = directory.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let output = Command::new(program)
        .args(["--exact", "file::child_denied_then_granted", "--nocapture"])
        .env(AS_NOBODY, directory.path())
        .current_dir(directory.path())
        .uid(65534)
        .gid(65534)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("denied, then granted"), "{said}");
}

#[test]
fn child_denied_then_granted() {
    // Alone it says nothing; `permission_denied_is_named_and_may_be_granted` gives it a place.
    let Some(directory) = std::env::var_os(AS_NOBODY) else { return };
    assert!(!rustix::process::geteuid().is_root());
    denied_then_granted(Path::new(&directory));
    println!("denied, then granted");
}

#[tokio::main(flavor = "current_thread")]
async fn denied_then_granted(directory: &Path) {
    let path = directory.join("nodeos.log");
    append(&path, b"old\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o200)).unwrap();
    let (tx, rx) = mpsc::channel(16);
    let stop = CancellationToken::new();
    let task = tokio::spawn(follow(path.clone(), tx, stop.clone()));
    let mut received = Received::new(rx);
    received.unavailable("permission denied").await;
    append(&path, b"while it was hidden\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    received.line("while it was hidden").await;
    assert_eq!(received.texts(), ["while it was hidden"]);
    stop.cancel();
    task.await.unwrap();
}
