//! axe-core, as `scripts/axe` installs it.

use std::path::PathBuf;

use crate::browser::Browser;

/// What axe-core finds wrong with the page that is open, one line each.
pub(crate) async fn violations(browser: &Browser) -> Vec<String> {
    let dir = std::env::var_os("EOSKEEPER_AXE_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/axe"),
        PathBuf::from,
    );
    let file = dir.join("node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; run scripts/axe install", file.display()));
    let script = format!(
        "{axe};
         axe.run(document, {{ resultTypes: ['violations'] }})
            .then((found) => done(found.violations.map((v) =>
                v.id + ': ' + v.help + ': ' + v.nodes.slice(0, 5).map((n) =>
                    n.target.join(' ') + ' ' + n.any.map((a) => a.message).join('; ')).join(' | '))))
            .catch((error) => done(['axe failed: ' + error]));"
    );
    let found = browser.run_async(&script).await;
    let found = found.as_array().expect("a list of violations");
    found.iter().map(|line| line.as_str().unwrap_or("?").to_owned()).collect()
}
