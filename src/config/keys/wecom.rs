//! `[wecom]`: the robot of a group in WeCom.

use super::super::kind::Kind;
use super::route::{levels, reports};
use super::{DefaultValue, Key, Section};

/// Most members that are called: more would be everybody.
const MEMBERS_MAX: usize = 20;

pub(super) const SECTION: Section = Section {
    name: "wecom",
    help: "Messages to a group of WeCom by a robot: doc/alarms/wecom.md.",
    keys: &[
        Key {
            name: "key_file",
            field: "key_file",
            kind: Kind::Path,
            default: DefaultValue::Nothing {
                example: "/etc/eoskeeper/wecom.key",
                note: "none; the environment's EOSKEEPER_WECOM_KEY, and without it WeCom is not \
                       used",
            },
            help: "A file with the robot's key, which stands behind key= in its webhook address; \
                   not readable by everybody on this host.",
        },
        Key {
            name: "mentioned",
            field: "mentioned",
            kind: Kind::Members { max: MEMBERS_MAX },
            default: DefaultValue::Nothing { example: "zhangsan, lisi", note: "none; nobody" },
            help: "Ids of the members who are called when a page begins or goes on.",
        },
        Key {
            name: "api_url",
            field: "api_url",
            kind: Kind::Url,
            default: DefaultValue::Text("https://qyapi.weixin.qq.com"),
            help: "WeCom's API, if yours is your own.",
        },
        levels("page, warn, info"),
        reports("true"),
    ],
};
