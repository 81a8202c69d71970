//! Commands of the documents that are not run in the sandbox: why, and where they are.

/// What is said of the commands of a program.
pub(super) struct Row {
    pub(super) program: &'static str,
    /// What a command must hold for this row to be about it; all of the program's where it is empty.
    pub(super) part: &'static str,
    pub(super) why: &'static str,
}

const fn row(program: &'static str, part: &'static str, why: &'static str) -> Row {
    Row { program, part, why }
}

/// The row a command belongs to.
pub(super) fn of(program: &str, line: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.program == program && line.contains(row.part))
}

const BUILDS: &str = "it builds this very program: scripts/test does";
const DRILLS: &str =
    "needs a network of real nodes: tests/e2e_nodeos/drills.rs runs what doc/drills.md says";

/// A command that none of these fits, and that the sandbox has no program for, fails the test.
pub(super) const ROWS: &[Row] = &[
    row("./scripts/test", "", "it runs this test: the continuous integration runs it"),
    row("scripts/test", "", "it runs this test: the continuous integration runs it"),
    row("cargo", "", BUILDS),
    row("export", "target/release", BUILDS),
    row(
        "aws",
        "",
        "needs an account at Amazon: tests/cloudwatch_moto makes the same calls to moto",
    ),
    row("chown", "", "needs root and the package's user: scripts/package-check installs both"),
    row("cat", "> /etc/eoskeeper", "a person types into it"),
    row(
        "printf",
        "api.telegram.org",
        "asks Telegram itself: tests/notify/telegram has its answers",
    ),
    row("man", "-l -", "shows a page to a person: tests/command/help.rs has mandoc read each"),
    row(
        "docker",
        "compose",
        "needs an engine and an image of nodeos: scripts/package-check has them, and runs each",
    ),
    row("export", "NODEOS_IMAGE", "names an image of nodeos: scripts/package-check makes one"),
    row(
        "systemd-analyze",
        "security",
        "needs systemd as the first process: scripts/package-check has one in a container",
    ),
    row("ssh", "", "needs another host: doc/status-page.md says what it is for"),
    row("dpkg", "", "changes the host: scripts/package-check installs the package in a container"),
    row("editor", "", "a person types into it"),
    row(
        "systemctl",
        "",
        "needs systemd as the first process: scripts/package-check has one in a container",
    ),
    row(
        "etcdctl",
        "",
        "needs a cluster: tests/lease_etcd/refusal.rs sets up such a user by the same commands",
    ),
    row("scripts/soak", "", "runs for hours, on a network of real nodes"),
    row("scripts/failover-matrix", "", "runs for hours; scripts/test runs its short form"),
    row("scripts/testnet", "", DRILLS),
    row("scripts/etcd-cluster", "", DRILLS),
    row("mount", "target/drill", DRILLS),
    row("dd", "target/drill", DRILLS),
    row("rm", "target/drill", DRILLS),
    row("eoskeeper", "target/drill", DRILLS),
    row(
        "scripts/package",
        "",
        "builds for musl, in minutes: scripts/package-check needs what it makes",
    ),
    row("scripts/package-check", "", "needs Docker and a package"),
    row("scripts/screenshots", "", "makes the documents' pictures; a person looks at them"),
    row("scripts/channel-pictures", "", "makes the documents' pictures; a person looks at them"),
    row(
        "scripts/promote.sh",
        "",
        "tests/command/shell_scripts.rs runs it against a node that looks real",
    ),
    row(
        "scripts/demote.sh",
        "",
        "tests/command/shell_scripts.rs runs it against a node that looks real",
    ),
    row(
        "scripts/fence.sh",
        "",
        "tests/command/shell_scripts.rs runs it against a process of its own",
    ),
    row(
        "scripts/restart.sh",
        "",
        "tests/command/shell_scripts.rs runs it against a process of its own",
    ),
];
