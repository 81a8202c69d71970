//! `[cloudwatch]`: metrics and alarms at Amazon CloudWatch.

use super::super::kind::{Kind, Unit};
use super::{DefaultValue, Key, Section};

/// Most actions of one state of an alarm, by AWS's limit.
const ACTIONS_MAX: usize = 5;

pub(super) const SECTION: Section = Section {
    name: "cloudwatch",
    help: "Metrics and alarms at Amazon CloudWatch, which also pages when this host or eoskeeper is \
           dead: doc/alarms/cloudwatch.md, with what it costs.",
    keys: &[
        Key {
            name: "chain",
            field: "chain",
            kind: Kind::Word,
            default: DefaultValue::Nothing {
                example: "eos",
                note: "none; nothing is sent to CloudWatch",
            },
            help: "What you call the chain: a dimension of every metric. Given, CloudWatch is used.",
        },
        Key {
            name: "region",
            field: "region",
            kind: Kind::Word,
            default: DefaultValue::Nothing {
                example: "eu-central-1",
                note: "what AWS_REGION, the profile or the instance says",
            },
            help: "The AWS region that gets metrics and alarms.",
        },
        Key {
            name: "profile",
            field: "profile",
            kind: Kind::Word,
            default: DefaultValue::Nothing {
                example: "eoskeeper",
                note: "AWS_PROFILE, else the profile default",
            },
            help: "The profile of ~/.aws/config and ~/.aws/credentials. Without one, and without \
                   keys in the environment, the role of the instance or task is used.",
        },
        Key {
            name: "endpoint_url",
            field: "endpoint_url",
            kind: Kind::Url,
            default: DefaultValue::Nothing {
                example: "https://vpce-1234.monitoring.eu-central-1.vpce.amazonaws.com",
                note: "the region's own",
            },
            help: "Another address of CloudWatch: a VPC endpoint, or a service that speaks the same.",
        },
        Key {
            name: "namespace",
            field: "namespace",
            kind: Kind::Word,
            default: DefaultValue::Text("eoskeeper"),
            help: "Namespace of the metrics.",
        },
        Key {
            name: "metrics",
            field: "metrics",
            kind: Kind::Choice(&["all", "alarms"]),
            default: DefaultValue::Text("all"),
            help: "all, or only those the alarms stand on: each metric is paid for.",
        },
        Key {
            name: "interval_seconds",
            field: "interval_ms",
            kind: Kind::Time { unit: Unit::Seconds, min_ms: 1_000, max_ms: 60_000 },
            default: DefaultValue::Text("60"),
            help: "Between two requests. What was seen in each second is in them either way.",
        },
        Key {
            name: "resolution",
            field: "resolution",
            kind: Kind::Choice(&["60", "1"]),
            default: DefaultValue::Text("60"),
            help: "Seconds: 60 sends count, sum, least and greatest of each minute, 1 a value for \
                   each second, which takes twice the requests.",
        },
        Key {
            name: "alarm_prefix",
            field: "alarm_prefix",
            kind: Kind::Word,
            default: DefaultValue::Text("eoskeeper"),
            help: "What the alarms' names begin with; CHAIN/PRODUCER/NODE/… follows.",
        },
        Key {
            name: "dead_man_minutes",
            field: "dead_man_minutes",
            kind: Kind::Count { min: 1, max: 60 },
            default: DefaultValue::Text("3"),
            help: "So many minutes without a heartbeat, and the alarm dead-man pages. AWS takes a \
                   minute or two more to see it.",
        },
        Key {
            name: "page_actions",
            field: "page_actions",
            kind: Kind::Arns { max: ACTIONS_MAX },
            default: DefaultValue::Nothing {
                example: "arn:aws:sns:eu-central-1:123456789012:page",
                note: "none; the alarms page and dead-man change, and tell nobody",
            },
            help: "What AWS tells of pages and of a dead host, when they begin and when they end: \
                   SNS topics, usually.",
        },
        Key {
            name: "warn_actions",
            field: "warn_actions",
            kind: Kind::Arns { max: ACTIONS_MAX },
            default: DefaultValue::Nothing {
                example: "arn:aws:sns:eu-central-1:123456789012:warn",
                note: "none; the alarm warn changes, and tells nobody",
            },
            help: "The same for warnings.",
        },
        Key {
            name: "levels",
            field: "levels",
            kind: Kind::Levels,
            default: DefaultValue::Text("page, warn"),
            help: "Incidents of these severities set their alarm. There is none for info.",
        },
    ],
};
