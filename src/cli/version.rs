//! `eoskeeper version`: what this program is and how it was built, for a report of a fault.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::print;

/// How to answer.
#[derive(Args, Debug)]
pub struct Options {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Features that a build for use never has.
const FEATURES: [(&str, bool); 1] = [("mutants", cfg!(feature = "mutants"))];

/// Prints it.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let build = build();
    if options.json {
        return print(&format!("{build}\n"));
    }
    let text = |key: &str| build[key].as_str().unwrap_or_default().to_owned();
    let features: Vec<_> = build["features"].as_array().into_iter().flatten().collect();
    let features = match features.as_slice() {
        [] => "none".to_owned(),
        some => some.iter().filter_map(|one| one.as_str()).collect::<Vec<_>>().join(", "),
    };
    print(&format!(
        "eoskeeper {}\ncommit    {}\ntarget    {}\nlinked    {}\nprofile   {}\nfeatures  {features}\n",
        text("version"),
        text("commit"),
        text("target"),
        text("linked"),
        text("profile"),
    ))
}

fn build() -> Value {
    let features: Vec<_> = FEATURES.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "commit": env!("EOSKEEPER_BUILT_FROM"),
        "target": env!("EOSKEEPER_TARGET"),
        "linked": if cfg!(target_feature = "crt-static") { "static" } else { "dynamic" },
        "profile": env!("EOSKEEPER_PROFILE"),
        "features": features,
    })
}
