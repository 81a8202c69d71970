//! What collectors put around a line changes nothing about its event.

use eoskeeper::core::event::EventName;
use proptest::prelude::*;

use super::expect::alone;

/// One line of each dialect of columns, and its event.
const DIALECTS: [(&str, EventName); 6] = [
    (
        "3020657ms thread-0   chain_controller.cpp:176      push_block           ] \rpush block #3627025 from lion 2018-05-03T01:50:20.500  00375811375ff00710c6a5ad1cf2b6bc94f734418b895aa763a7be0b36e31f42 lib: 3626561 success",
        EventName::BlockReceived,
    ),
    (
        "3020657ms            fork_database.cpp:60          _push_block          ] Number of missed blocks: 24",
        EventName::BlocksMissed,
    ),
    (
        "2018-09-26T16:23:42.038 thread-0   controller.cpp:1064           maybe_switch_forks   ] successfully switched fork to new head 00427a56955ba7c450c9b6f9ca7e828da7c857ab7b1857b4589d2e302c286c1e",
        EventName::ForkSwitched,
    ),
    (
        "info  2019-09-23T09:58:25.001 nodeos    producer_plugin.cpp:1865      produce_block        ] Produced block 00887f601795d67c... #8945504 @ 2019-09-23T09:58:25.000 signed by zhongxind [trxs: 0, lib: 8945445, confirmed: 48]",
        EventName::BlockProduced,
    ),
    (
        "error 2025-04-16T21:10:57.938 nodeos    producer_plugin.cpp:2063      determine_pending_bl ] Not producing block because stale production not enabled, block 2025-04-16T21:10:58.000",
        EventName::ProductionSkipped,
    ),
    (
        "warn  2021-01-26T11:32:18.685 nodeos    resource_monitor_plugi:70     operator()           ] Space usage warning: /data/blocks's file system approaching threshold. available: 20",
        EventName::DatabaseFault,
    ),
];

/// What collectors put in front.
const PREFIXES: [&str; 46] = [
    "",
    " ",
    "\t",
    "\r",
    "^C",
    "<6>",
    "<3>",
    "<30>1 2024-09-23T06:26:01.123Z host nodeos 1234 - - ",
    "<30>Sep 23 06:26:01 host nodeos[44813]: ",
    "Sep 23 06:26:01  nodeos[44813]: ",
    "Sep  3 06:26:01 host nodeos[44813]: ",
    "Sep 23 06:26:01 host nodeos[44813]: <6>",
    "Jan 15 18:15:50 ip-10-0-0-184 start.sh[23735]: ",
    "Jan 15 18:15:50.123456 host nodeos[23735]: ",
    "Jan 15 18:15:50 host nodeos: ",
    "Jan 15 18:15:50 ",
    "Tue 2024-09-24 10:11:12 UTC host nodeos[12]: ",
    "2024-09-24T10:11:12+0000 host nodeos[12]: ",
    "2024-09-24T10:11:12+00:00 host nodeos[12]: ",
    "2024-09-24T10:11:12.123456+02:00 host nodeos[12]: ",
    "[ 1234.567890] host nodeos[12]: ",
    "1695450361.123456 host nodeos[1]: ",
    "host nodeos[1]: ",
    "nodeos[1]: ",
    "nodeos: ",
    "2024-09-24T10:11:12.123456789Z stdout F ",
    "2024-09-24T10:11:12.123456789+02:00 stderr F ",
    "2024-09-24T10:11:12.123456789Z ",
    "2024-09-24 10:11:12 ",
    "2024-09-24 10:11:12 +00:00: ",
    "0|script_c | ",
    "12|nodeos   | 2024-09-24T10:11:12: ",
    "nodeos-1  | ",
    "nodeos_1  | ",
    "nodeos    | ",
    "eos_nodeos.1.abc123@host-2    | ",
    "nodeos-1  | 2024-09-24T10:11:12.123456789Z ",
    "06:26:01 nodeos.1 | ",
    "[pod/nodeos-0/nodeos] ",
    "nodeos-0 nodeos-main ",
    "/var/log/nodeos.log:",
    "/var/log/nodeos.log:12:",
    "@4000000037c219bf2ef02e94 ",
    "     12\t",
    "124168 ",
    "\0\0\0",
];

#[test]
fn every_wrapper_may_be_around_every_dialect() {
    for (line, event) in DIALECTS {
        let plain = alone(line.as_bytes());
        assert_eq!(plain.name, event, "{line}");
        for prefix in PREFIXES {
            for (start, end) in
                [("", ""), ("", "\r"), ("\x1b[0m", "\x1b[0m"), ("\x1b[1;31m", "\x1b[0m\x1b[K\r")]
            {
                for text in
                    [format!("{prefix}{start}{line}{end}"), format!("{start}{prefix}{line}{end}")]
                {
                    assert_eq!(alone(text.as_bytes()), plain, "{text:?}");
                }
            }
        }
    }
}

#[test]
fn colours_may_stand_between_the_columns() {
    for (line, event) in DIALECTS {
        let coloured: String =
            line.replacen(' ', "\x1b[0m \x1b[36m", 2).replacen("] ", "\x1b[0m] \x1b[1m", 1);
        assert_eq!(alone(coloured.as_bytes()).name, event, "{coloured:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_can_be_read(lines in prop::collection::vec(any::<Vec<u8>>(), 0..20)) {
        let mut classifier = eoskeeper::nodeos::log::Classifier::new();
        for line in lines {
            let event = classifier.classify(&line);
            let json = eoskeeper::nodeos::log::json_line(&line, &event);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
        }
    }

    #[test]
    fn a_real_line_with_any_change_can_be_read(
        which in 0..DIALECTS.len(),
        at in any::<prop::sample::Index>(),
        bytes in any::<Vec<u8>>(),
    ) {
        let mut line = DIALECTS[which].0.as_bytes().to_vec();
        let at = at.index(line.len());
        line.splice(at..(at + bytes.len()).min(line.len()), bytes);
        let json = eoskeeper::nodeos::log::json_line(&line, &alone(&line));
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    }

    #[test]
    fn two_collectors_in_a_row_keep_the_event(
        which in 0..DIALECTS.len(),
        outer in 0..PREFIXES.len(),
        inner in prop::sample::select(vec!["<6>", "^C", "0|nodeos | ", "nodeos-1  | ", "\r", "  "]),
    ) {
        let (line, event) = DIALECTS[which];
        let text = format!("{}{inner}{line}", PREFIXES[outer]);
        prop_assert_eq!(alone(text.as_bytes()).name, event, "{:?}", text);
    }
}
