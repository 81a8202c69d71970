//! Tells the program which commit it was built from and for which machine. Never fails: outside git
//! the commit is `unknown`.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=EOSKEEPER_COMMIT");
    let var = |name: &str| std::env::var(name).unwrap_or_else(|_| "unknown".to_owned());
    println!("cargo:rustc-env=EOSKEEPER_TARGET={}", var("TARGET"));
    println!("cargo:rustc-env=EOSKEEPER_PROFILE={}", var("PROFILE"));
    println!("cargo:rustc-env=EOSKEEPER_BUILT_FROM={}", commit(&var("PROFILE")));
}

/// The commit, as whoever builds a package says it, else as git does. A build of a developer is not
/// made anew for every commit, so it does not say one.
fn commit(profile: &str) -> String {
    if let Ok(commit) = std::env::var("EOSKEEPER_COMMIT")
        && !commit.is_empty()
    {
        return commit;
    }
    if profile != "release" {
        return "unknown".to_owned();
    }
    for path in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", path]) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else {
        return "unknown".to_owned();
    };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if !changes.is_empty() => format!("{commit}+changes"),
        _ => commit,
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
