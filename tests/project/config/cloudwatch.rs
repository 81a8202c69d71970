//! `[cloudwatch]`: its defaults, and what is given.

use std::time::Duration;

use eoskeeper::config::channels::Route;
use eoskeeper::config::channels::cloudwatch::{CloudWatch, Metrics, Resolution};
use eoskeeper::core::action::Severity;

use super::{LEAST, loaded};

#[test]
fn the_chain_alone_switches_it_on() {
    let config = loaded(&format!("{LEAST}[cloudwatch]\nchain = eos\n"));
    let levels = vec![Severity::Page, Severity::Warn];
    let expected = CloudWatch {
        route: Route { levels, reports: false },
        chain: "eos".to_owned(),
        namespace: "eoskeeper".to_owned(),
        region: None,
        profile: None,
        endpoint: None,
        interval: Duration::from_secs(60),
        resolution: Resolution::Minute,
        metrics: Metrics::All,
        alarm_prefix: "eoskeeper".to_owned(),
        dead_man_minutes: 3,
        page_actions: Vec::new(),
        warn_actions: Vec::new(),
    };
    assert_eq!(config.channels.cloudwatch, Some(expected));
    let note = "[cloudwatch] page_actions is not given: the alarms change, and nobody is told";
    assert_eq!(config.notes, [note]);
    assert_eq!(loaded(&format!("{LEAST}[cloudwatch]\n")), loaded(LEAST));
}

#[test]
fn what_is_given_is_taken() {
    let config = loaded(&format!(
        "{LEAST}[cloudwatch]\nchain = jungle4\nnamespace = bp/eos\nregion = us-gov-west-1\n\
         profile = me\nendpoint_url = https://vpce.example\ninterval_seconds = 10\nresolution = 1\n\
         metrics = alarms\nalarm_prefix = bp\ndead_man_minutes = 9\nlevels = page\n\
         page_actions = arn:aws:sns:x:1:a, arn:aws:sns:x:1:b\nwarn_actions = arn:aws:sns:x:1:c\n"
    ));
    let expected = CloudWatch {
        route: Route { levels: vec![Severity::Page], reports: false },
        chain: "jungle4".to_owned(),
        namespace: "bp/eos".to_owned(),
        region: Some("us-gov-west-1".to_owned()),
        profile: Some("me".to_owned()),
        endpoint: Some("https://vpce.example".parse().unwrap()),
        interval: Duration::from_secs(10),
        resolution: Resolution::Second,
        metrics: Metrics::Alarms,
        alarm_prefix: "bp".to_owned(),
        dead_man_minutes: 9,
        page_actions: ["a", "b"].map(|name| format!("arn:aws:sns:x:1:{name}")).to_vec(),
        warn_actions: vec!["arn:aws:sns:x:1:c".to_owned()],
    };
    assert_eq!(config.channels.cloudwatch, Some(expected));
    assert_eq!(config.notes, [""; 0]);
}
