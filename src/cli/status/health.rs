//! Whether the keeper itself works, by its `/healthz`: for what has no other client at hand, as the
//! health check of an image that holds nothing but this program.

use std::process::ExitCode;

use anyhow::Context;
use serde_json::Value;

use crate::cli::keeper_client::KeeperClient;
use crate::cli::style::printable;
use crate::cli::{failed, print, runtime};

/// Asks and prints; exit code 1 when it does not work, 3 when it does not answer.
pub(super) fn run(client: &KeeperClient, as_json: bool) -> ExitCode {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return failed(error),
    };
    let text = match runtime.block_on(client.health()) {
        Ok(text) => text,
        Err(error) => return super::not_reached(&error),
    };
    show(&text, as_json).unwrap_or_else(failed)
}

fn show(text: &str, as_json: bool) -> anyhow::Result<ExitCode> {
    let answer: Value =
        serde_json::from_str(text).context("/healthz did not answer JSON; is it eoskeeper?")?;
    let is_well = answer["ok"] == true;
    let text = if as_json { format!("{}\n", text.trim_end()) } else { page(&answer, is_well) };
    print(&text)?;
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first line is all that many tools show.
fn page(answer: &Value, is_well: bool) -> String {
    let mut page = String::from(if is_well {
        "The keeper works.\n"
    } else {
        "The keeper does not work as it should.\n"
    });
    // Shown only to those who have the token, where there is one.
    for check in answer["checks"].as_array().into_iter().flatten() {
        let word = if check["ok"] == true { "ok" } else { "NOT OK" };
        let (name, sentence) = (check["name"].as_str(), check["sentence"].as_str());
        page += &format!(
            "  {word:<6}  {:<8}  {}\n",
            name.unwrap_or_default(),
            printable(sentence.unwrap_or_default())
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::page;

    #[test]
    fn the_first_line_says_whether_it_works() {
        let check = |ok| json!({ "name": "log", "ok": ok, "sentence": "It is followed." });
        for (answer, is_well, shown) in [
            (json!({ "ok": true }), true, "The keeper works.\n"),
            (
                json!({ "ok": true, "checks": [check(true)] }),
                true,
                "The keeper works.\n  ok      log       It is followed.\n",
            ),
            (
                json!({ "ok": false, "checks": [check(false)] }),
                false,
                "The keeper does not work as it should.\n  NOT OK  log       It is followed.\n",
            ),
        ] {
            assert_eq!(page(&answer, is_well), shown);
        }
    }
}
