//! The channel that is always there: one structured line in the keeper's own log.

use super::{Channel, Sending};
use crate::core::action::{Notice, NoticeKind, Severity};

/// Writes each notice as one event of target `alarm`, at a level that fits its severity;
/// what is over is info.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Which node of the file it is about, where the file has several: the field `node`.
    pub node: Option<String>,
}

impl Channel for Log {
    fn name(&self) -> &'static str {
        "log"
    }

    fn send<'a>(&'a self, notice: &'a Notice) -> Sending<'a> {
        write(self.node.as_deref(), notice);
        Box::pin(std::future::ready(Ok(())))
    }
}

fn write(node: Option<&str>, notice: &Notice) {
    let kind = match notice.kind {
        NoticeKind::Raised => "raised",
        NoticeKind::Resolved => "resolved",
        NoticeKind::Told => "told",
    };
    let Notice { key, severity, text, next_step, at, .. } = notice;
    // The level is part of an event's static description, so there is one macro for each.
    macro_rules! event {
        ($level:ident, $severity:literal) => {
            tracing::$level!(
                target: "alarm", node, key, kind, severity = $severity, %at, next_step, text
            )
        };
    }
    match (notice.kind, severity) {
        // Good news is no error, however bad the news was that it ends.
        (NoticeKind::Resolved, Severity::Page) => event!(info, "page"),
        (NoticeKind::Resolved, Severity::Warn) => event!(info, "warn"),
        (_, Severity::Info) => event!(info, "info"),
        (_, Severity::Warn) => event!(warn, "warn"),
        (_, Severity::Page) => event!(error, "page"),
    }
}
