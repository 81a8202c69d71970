//! Whether a process has begun to end and runs no code of its own any more.
//!
//! A pidfd tells the end only when the kernel has given back all its memory, which takes the longer
//! the more it has and the busier the host is. What the kernel marks as exiting does not go back to
//! its own code, so such a process signs nothing.

use std::fs;
use std::path::Path;

/// The kernel's mark of a thread that is being ended (`PF_EXITING` of `linux/sched.h`).
const PF_EXITING: u64 = 0x4;
/// Place of the flags behind the name in `/proc/PID/stat`: state, ppid, pgrp, session, tty, tpgid.
const FLAGS_AT: usize = 6;

/// Whether every thread of the process is being ended. Such a file of `/proc` is made from the
/// kernel's own tables: unlike a command line it does not wait for the process's memory.
pub(super) fn is_ending(proc: &Path, pid: u32) -> bool {
    let process = proc.join(pid.to_string());
    // One look at the first thread answers for a process that lives.
    if !is_exiting(&process.join("stat")) {
        return false;
    }
    // Its first thread may end before the others.
    let Ok(threads) = fs::read_dir(process.join("task")) else { return false };
    threads.flatten().all(|thread| is_exiting(&thread.path().join("stat")))
}

fn is_exiting(stat: &Path) -> bool {
    // One that is gone is not asked about; its pidfd tells.
    fs::read_to_string(stat).is_ok_and(|line| flags(&line).is_some_and(|f| f & PF_EXITING != 0))
}

/// The name stands in parentheses and may hold anything.
fn flags(line: &str) -> Option<u64> {
    line.rsplit_once(')')?.1.split_ascii_whitespace().nth(FLAGS_AT)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_ending_when_every_thread_is() {
        let proc = tempfile::tempdir().unwrap();
        let stat = |thread: &str, flags: u32| {
            let line = format!("7 (a) b) S 1 7 7 0 -1 {flags} 0 0");
            let path = proc.path().join("7").join(thread);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("stat"), line).unwrap();
        };
        for (name, process, threads, expected) in [
            ("lives", 0x0040_0100, [0x0040_0100, 0x0040_0100], false),
            ("only its first thread ends", 0x0040_0104, [0x0040_0104, 0x0040_0100], false),
            ("ends", 0x0040_0104, [0x0040_0104, 0x0040_0104], true),
        ] {
            stat("", process);
            stat("task/7", threads[0]);
            stat("task/8", threads[1]);
            assert_eq!(is_ending(proc.path(), 7), expected, "{name}");
        }
        assert!(!is_ending(proc.path(), 8), "there is none");
        assert!(!is_ending(Path::new("/proc"), std::process::id()));
    }
}
