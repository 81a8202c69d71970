//! Which process or container is watched, so that its end is seen at once.

use crate::cli::check::row::Row;
use crate::config::Config;
use crate::daemon::target;
use crate::sources::process;

/// Looks for it once.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    let what = "process";
    let Some(target) = target(config) else {
        return vec![Row::ok(what, "not watched: watch_process is false")];
    };
    let before = process::stands_before(&target).await;
    vec![match process::look(target).await {
        Ok(found) if before.is_some() => Row::warn(
            what,
            format!(
                "{found}; its first process is not nodeos but {}: if that lives on when nodeos dies, the \
                 end is not seen at once",
                before.unwrap_or_default()
            ),
            "begin nodeos with exec in the start script, so that it takes its place",
        ),
        Ok(found) => Row::ok(what, format!("{found}; its end is seen at once")),
        Err(why) => {
            let (why, next) = why
                .split_once("; ")
                .unwrap_or((&why, "start nodeos; until then its end only shows at the polls"));
            Row::warn(what, format!("not watched: {why}"), next)
        }
    }]
}
