//! A keeper's status as JSON, to what the fleet wants of it. What else is in it is passed over.

use std::borrow::Cow;

use serde::Deserialize;

use crate::core::fleet::{MemberReport, RULES_MAX};
use crate::core::name::Name;
use crate::core::settings::Role;
use crate::core::status::STATUS_VERSION;
use crate::core::time::Timestamp;

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

#[derive(Deserialize)]
struct Status<'a> {
    #[serde(borrow)]
    eoskeeper: Cow<'a, str>,
    at: Timestamp,
    #[serde(borrow)]
    node_name: Cow<'a, str>,
    role: Role,
    #[serde(borrow)]
    decision: Decision<'a>,
    #[serde(borrow)]
    chain: Chain<'a>,
    #[serde(borrow)]
    producer: Producer<'a>,
    #[serde(borrow)]
    findings: Vec<Finding<'a>>,
    #[serde(borrow)]
    promotion: Promotion<'a>,
}

#[derive(Deserialize)]
struct Decision<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    sentence: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Chain<'a> {
    #[serde(borrow)]
    chain_id: Option<Cow<'a, str>>,
    head: Option<u32>,
    head_age_ms: Option<i64>,
}

#[derive(Deserialize)]
struct Producer<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Finding<'a> {
    #[serde(borrow)]
    rule: Cow<'a, str>,
    #[serde(borrow)]
    state: Cow<'a, str>,
    #[serde(borrow)]
    severity: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Promotion<'a> {
    #[serde(borrow)]
    position: Cow<'a, str>,
}

/// Reads a status.
///
/// # Errors
/// One sentence: it is none, or of another version.
pub(super) fn read(body: &[u8]) -> Result<MemberReport, String> {
    let no_status =
        |error: serde_json::Error| format!("what it answers is no status of eoskeeper: {error}");
    let Versioned { version } = serde_json::from_slice(body).map_err(no_status)?;
    if version != STATUS_VERSION {
        return Err(format!("it speaks status version {version}, this keeper {STATUS_VERSION}"));
    }
    let status: Status<'_> = serde_json::from_slice(body).map_err(no_status)?;
    let producer: Name = status
        .producer
        .name
        .parse()
        .map_err(|error| format!("its producer's name is none: {error}"))?;
    let firing = |severity: &str| {
        let firing = status.findings.iter().filter(|finding| finding.state == "firing");
        let rules = firing.filter(|finding| finding.severity == severity);
        rules.take(RULES_MAX).map(|finding| finding.rule.to_string()).collect()
    };
    Ok(MemberReport {
        role: status.role,
        producer,
        paging: firing("page"),
        warning: firing("warn"),
        chain_id: status.chain.chain_id.map(Cow::into_owned),
        head: status.chain.head,
        head_age_ms: status.chain.head_age_ms,
        is_active: status.role != Role::Observer && status.promotion.position == "active",
        decision: status.decision.kind.into_owned(),
        sentence: status.decision.sentence.into_owned(),
        node: status.node_name.into_owned(),
        version: status.eoskeeper.into_owned(),
        judged_at: status.at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::keeper::Keeper;
    use crate::core::settings::Settings;
    use crate::core::time::Now;

    /// The status of a real keeper, as its page prints it.
    fn status() -> serde_json::Value {
        let settings = Settings::new(Role::Active, "eosstorebest".parse().unwrap());
        let mut keeper = Keeper::new(settings, Now::default(), Ok(None));
        let now = Now::default().plus_ms(1_000);
        keeper.tick(now);
        serde_json::to_value(keeper.status(now)).unwrap()
    }

    fn read_value(value: &serde_json::Value) -> Result<MemberReport, String> {
        read(value.to_string().as_bytes())
    }

    #[test]
    fn reads_what_a_keeper_prints() {
        let report = read_value(&status()).unwrap();
        assert_eq!((report.role, report.node.as_str()), (Role::Active, "a"));
        assert_eq!(report.producer.as_str(), "eosstorebest");
        assert_eq!((report.is_active, report.decision.as_str()), (true, "watch"));
        assert_eq!(report.judged_at, Timestamp::from_ms(1_000));
        assert_eq!((report.head, report.chain_id), (None, None));
    }

    #[test]
    fn says_why_it_is_no_status() {
        let mut other = status();
        other["version"] = 7.into();
        let mut nameless = status();
        nameless["producer"]["name"] = "NOT A NAME".into();
        for (body, why) in [
            ("".to_owned(), "what it answers is no status of eoskeeper: "),
            ("[1]".to_owned(), "what it answers is no status of eoskeeper: "),
            ("{\"version\":1}".to_owned(), "what it answers is no status of eoskeeper: missing"),
            (other.to_string(), "it speaks status version 7, this keeper 1"),
            (nameless.to_string(), "its producer's name is none: "),
        ] {
            let said = read(body.as_bytes()).unwrap_err();
            assert!(said.starts_with(why), "{said}");
        }
    }
}
