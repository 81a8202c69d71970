//! Proof that `src/core` is pure: it is compiled alone, with nothing but serde and thiserror to
//! lean on, and the object code may refer to nothing of `std` beyond `core` and `alloc`. So there
//! is no clock, file, socket, process, environment, thread or randomness in it, however it is
//! written.
//!
//! The same check is run over a copy with every one of those sins in it, and must name each.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const MANIFEST: &str = r#"
[package]
name = "purity"
version = "0.0.0"
edition = "2024"
[workspace]
[dependencies]
serde = { version = "1.0", features = ["derive"] }
thiserror = "2.0"
"#;

/// C functions that the compiler itself calls.
const COMPILER_CALLS: [&str; 8] =
    ["memcpy", "memmove", "memset", "memcmp", "bcmp", "_Unwind_Resume", "__udivti3", "__umodti3"];

const SINS: &str = r#"
pub fn clock() -> std::time::Instant { std::time::Instant::now() }
pub fn wall() -> std::time::SystemTime { std::time::SystemTime::now() }
pub fn file() -> std::io::Result<std::fs::File> { std::fs::File::open("x") }
pub fn net() -> std::io::Result<std::net::UdpSocket> { std::net::UdpSocket::bind(("127.0.0.1", 0)) }
pub fn process() -> std::io::Result<std::process::Child> { std::process::Command::new("x").spawn() }
pub fn environment() -> Option<std::ffi::OsString> { std::env::var_os("X") }
pub fn thread() { std::thread::sleep(std::time::Duration::ZERO) }
pub fn randomness() -> std::collections::HashMap<u8, u8> { std::collections::HashMap::new() }
pub fn print() { println!("x") }
"#;

/// What the linker would have to find for each of them.
const SIN_MARKS: [&str; 9] = [
    "std::time::Instant",
    "std::time::SystemTime",
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::thread",
    "random",
    "std::io::stdio",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Compiles the core, and `more` beside it, and returns what its object code wants from outside
/// `core` and `alloc`.
fn impure_symbols(name: &str, more: &str) -> BTreeSet<String> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(dir.join("src"));
    copy_tree(&root().join("src/core"), &dir.join("src/core"));
    fs::copy(root().join("src/core.rs"), dir.join("src/core.rs")).unwrap();
    fs::write(dir.join("src/lib.rs"), format!("pub mod core;\n{more}")).unwrap();
    fs::write(dir.join("Cargo.toml"), MANIFEST).unwrap();
    // The same versions as the project's, so that nothing is fetched for this.
    fs::copy(root().join("Cargo.lock"), dir.join("Cargo.lock")).unwrap();
    let object = dir.join("purity.o");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("purity-target");
    let built = Command::new(env!("CARGO"))
        .args(["rustc", "--offline", "--lib", "--manifest-path"])
        .arg(dir.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        .args(["--", "-C", "codegen-units=1", "-A", "warnings"])
        .arg(format!("--emit=obj={}", object.display()))
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "the core does not compile alone:\n{said}");
    let wanted = undefined(&object);
    assert!(wanted.len() > 50, "{} symbols: the object file is not the core's", wanted.len());
    wanted.into_iter().filter(|symbol| !is_pure(symbol)).collect()
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_tree(&path, &copy);
        } else {
            fs::copy(&path, &copy).unwrap();
        }
    }
}

fn undefined(object: &Path) -> BTreeSet<String> {
    let listed = Command::new("nm")
        .args(["--undefined-only", "--format=just-symbols", "--demangle=rust"])
        .arg(object)
        .output()
        .expect("nm, of the package binutils");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    String::from_utf8_lossy(&listed.stdout).lines().map(|line| line.trim().to_owned()).collect()
}

fn is_pure(symbol: &str) -> bool {
    let of_language = symbol.contains("core::")
        || symbol.contains("alloc::")
        || symbol.contains("serde_core::")
        || symbol.contains("serde::")
        // Methods of a slice and of a text are the language's, and name no crate.
        || symbol.starts_with("<[u8]>::")
        || symbol.starts_with("<str>::")
        || symbol.contains("__rust")
        || symbol.contains("rust_eh_personality");
    !symbol.contains("std::") && (of_language || COMPILER_CALLS.contains(&symbol))
}

#[test]
fn the_core_refers_to_nothing_outside_core_and_alloc() {
    assert_eq!(impure_symbols("purity", ""), BTreeSet::new());
}

#[test]
fn the_check_names_every_sin() {
    let found = impure_symbols("impurity", SINS);
    for mark in SIN_MARKS {
        assert!(found.iter().any(|symbol| symbol.contains(mark)), "{mark} not in {found:#?}");
    }
}
