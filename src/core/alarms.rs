//! Which findings people are told of: raised once, resolved once.
//!
//! Grouping, repeating and routing come with the channels; this is only the edge from findings to
//! notices.

use std::collections::BTreeMap;

use crate::core::action::{Notice, NoticeKind, Severity};
use crate::core::promotion::Milestone;
use crate::core::rules::{Finding, Rule, State};
use crate::core::time::{Mono, Now};

/// A finding that stops firing is resolved after this long, so that one that flickers is one alarm.
const RESOLVE_AFTER_MS: u64 = 10_000;

/// The alarms that stand.
#[derive(Clone, Debug, Default)]
pub struct Alarms {
    /// Rules raised, with when they last fired.
    raised: BTreeMap<Rule, Mono>,
}

impl Alarms {
    /// The notices due now.
    pub fn update(&mut self, now: Now, findings: &[Finding]) -> Vec<Notice> {
        let mut notices = Vec::new();
        for finding in findings.iter().filter(|f| f.severity > Severity::Info) {
            match (finding.state, self.raised.get(&finding.rule)) {
                (State::Firing, before) => {
                    if before.is_none() {
                        notices.push(notice(now, finding, NoticeKind::Raised));
                    }
                    self.raised.insert(finding.rule, now.mono);
                }
                // Not knowing is no end: an alarm stands until the rule sees that it is over.
                (State::Fine, Some(last)) if now.mono.since_ms(*last) >= RESOLVE_AFTER_MS => {
                    self.raised.remove(&finding.rule);
                    notices.push(notice(now, finding, NoticeKind::Resolved));
                }
                (State::Fine | State::Unknown, _) => {}
            }
        }
        notices
    }

    /// Whether the alarm of a rule stands.
    #[must_use]
    pub fn stands(&self, rule: Rule) -> bool {
        self.raised.contains_key(&rule)
    }

    /// How many alarms stand.
    #[must_use]
    pub fn standing(&self) -> usize {
        self.raised.len()
    }
}

fn notice(now: Now, finding: &Finding, kind: NoticeKind) -> Notice {
    Notice {
        key: finding.rule.as_str().to_owned(),
        kind,
        severity: finding.severity,
        text: format!("{} ({})", finding.rule.meaning(), finding.saw),
        next_step: finding.rule.next_step().to_owned(),
        at: now.wall,
    }
}

/// A milestone of a promotion as a notice.
#[must_use]
pub fn told(now: Now, milestone: Milestone) -> Notice {
    let (severity, next_step) = if milestone.is_trouble {
        (Severity::Page, "See `eoskeeper status --why` on this node and on the others.")
    } else {
        (Severity::Warn, "Find out what made it necessary.")
    };
    Notice {
        key: milestone.key.to_owned(),
        kind: NoticeKind::Told,
        severity,
        text: milestone.text,
        next_step: next_step.to_owned(),
        at: now.wall,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rules::FaultClass;
    use crate::core::time::Timestamp;

    fn finding(state: State) -> Finding {
        Finding {
            rule: Rule::HeadStalled,
            class: FaultClass::Fork,
            state,
            severity: Severity::Page,
            saw: "head moved 12 s ago".to_owned(),
            threshold: String::new(),
            since: Timestamp::default(),
        }
    }

    #[test]
    fn an_alarm_is_raised_once_and_resolved_once() {
        let mut alarms = Alarms::default();
        let mut kinds = Vec::new();
        for (second, state) in [
            (0, State::Fine),
            (1, State::Firing),
            (2, State::Firing),
            (3, State::Fine),
            (4, State::Firing),
            (8, State::Unknown),
            (30, State::Unknown),
            (31, State::Fine),
            (32, State::Fine),
        ] {
            let now = Now::default().plus_ms(second * 1000);
            kinds.extend(
                alarms.update(now, &[finding(state)]).into_iter().map(|n| (second, n.kind)),
            );
        }
        assert_eq!(kinds, [(1, NoticeKind::Raised), (31, NoticeKind::Resolved)]);
        assert_eq!(alarms.standing(), 0);
    }
}
