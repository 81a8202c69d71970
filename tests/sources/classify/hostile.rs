//! Lines that try to pass for an event, and bytes that no nodeos prints.

use eoskeeper::core::event::{EventName, Reason};
use eoskeeper::nodeos::log::Classifier;

use super::expect::{alone, names};

const OTHER: &str = "error 2024-09-27T03:44:56.027 nodeos    producer_plugin.cpp:504       on_incoming_block    ] some text of an exception";
const RECEIVED: &str = "info  2024-09-27T03:44:56.027 nodeos    controller.cpp:3637           log_applied          ] Received block 8b667a463df4659c... #9 @ 2024-09-27T03:44:56.000 signed by eosio [trxs: 11, lib: 7, latency: 26 ms]";
const PRODUCED: &str = "Produced block 7649580f6b4a1e73... #2 @ 2023-10-16T20:27:04.600 signed by eosio [trxs: 0, lib: 1, confirmed: 0]";
const PRODUCED_RECORD: &str = "info  2023-10-16T20:27:04.984 nodeos    producer_plugin.cpp:2641      produce_block        ] Produced block 7649580f6b4a1e73... #2 @ 2023-10-16T20:27:04.600 signed by eosio [trxs: 0, lib: 1, confirmed: 0]";
const NET: &str =
    "info  2024-09-27T03:44:56.027 net-0     net_plugin.cpp:2142           operator()           ] ";

#[test]
fn text_inside_a_message_is_never_an_event() {
    for text in [
        format!("{NET}[\"x\" 1.2.3.4:5] {PRODUCED}\" - 7 5.6.7.8:9] closing"),
        format!("{NET}[\"x\" - 1 1.2.3.4:5] {PRODUCED}"),
        format!("{NET}[\"x\" - 1 1.2.3.4:5] eosio double produced block 9"),
        format!("{NET}[\"x\" - 1 1.2.3.4:5] unlinkable_block_exception #5 0123456789abcdef...: y\" - 7 5.6.7.8:9] closing"),
        format!("{NET}[\"x\" - 1 1.2.3.4:5] {PRODUCED_RECORD}\" - 7 5.6.7.8:9] closing"),
        // `peer-log-format = ${_name} `: the name is the message's first word.
        format!("{NET}{PRODUCED}"),
        format!("{NET}eosio double produced block 9 closing"),
        format!("{NET}eosio double produced block 9"),
        format!("{NET}p2p client connections: 0/25, peer connections: 0/4 closing"),
        format!("{NET}shutdown.. closing"),
        format!("{NET}Not producing block because production is explicitly paused"),
        format!("{NET}database dirty flag set (likely due to unclean shutdown): replay required"),
        format!("{NET}3030001 unlinkable_block_exception: Unlinkable block"),
        format!("{OTHER}: eosio double produced block 9"),
        format!("{OTHER} {PRODUCED}"),
        format!("{OTHER} ] {PRODUCED}"),
        format!("{OTHER} {PRODUCED_RECORD}"),
        "error 2024-09-27T03:44:56.027 nodeos    controller.cpp:1  f ] 3050003 eosio_assert_message_exception: eosio double produced block 9".to_owned(),
        format!("    {{\"what\":\"{PRODUCED_RECORD}\"}}"),
        format!("{{\"log\":\"{PRODUCED_RECORD}\\n\",\"stream\":\"stderr\"}}"),
        format!("\"{PRODUCED_RECORD}\""),
        format!("what: {PRODUCED_RECORD}"),
        format!("std::exception::what: {PRODUCED_RECORD}"),
        format!("    thread-0  controller.cpp:12 f {PRODUCED_RECORD}"),
        format!("assertion failure with message: {PRODUCED_RECORD}"),
        format!("said {PRODUCED_RECORD}"),
        format!("  {PRODUCED}"),
        format!("x {PRODUCED}"),
    ] {
        assert_eq!(alone(text.as_bytes()).name.as_str(), "other", "{text}");
    }
}

#[test]
fn an_event_must_be_the_whole_message() {
    for text in [
        "Producer paused. Not.",
        "Number of missed blocks: 24 or so",
        "eosio double produced block 9, they say",
        "Produced block 7649580f6b4a1e73... #2 @ 2023-10-16T20:27:04.600 signed by eosio [trxs: 0, lib: 1, confirmed: 0] and more",
        "Produced block 7649580f6b4a1e73... #99999999999 @ 2023-10-16T20:27:04.600 signed by eosio [trxs: 0, lib: 1]",
        "Produced block 7649580f6b4a1e73... #2 @ 2023-13-16T20:27:04.600 signed by eosio [trxs: 0, lib: 1]",
        "Produced block 7649580f6b4a1e73... #2 @ 2023-10-16T20:27:04.600 signed by Eosio9 [trxs: 0, lib: 1]",
        "p2p client connections: 1/25, peer connections: 4/4, and me",
    ] {
        let line = format!(
            "info  2023-10-16T20:27:04.984 nodeos    producer_plugin.cpp:2641      produce_block        ] {text}"
        );
        assert_eq!(alone(line.as_bytes()).name.as_str(), "other", "{text}");
    }
}

#[test]
fn a_line_without_columns_belongs_to_the_open_record_above() {
    assert_eq!(names(&[OTHER, PRODUCED]), ["other", "other"], "a newline inside a message");
    assert_eq!(
        names(&[OTHER, "    {\"a\":1}", PRODUCED, PRODUCED, RECEIVED]),
        ["other", "other", "other", "other", "block_received"]
    );
    assert_eq!(names(&[RECEIVED, PRODUCED]), ["block_received", "block_produced"]);
    assert_eq!(names(&[RECEIVED, "", PRODUCED]), ["block_received", "other", "block_produced"]);
    assert_eq!(
        names(&[RECEIVED, "free text", PRODUCED]),
        ["block_received", "other", "other"],
        "nobody knows where the free text ends"
    );
    assert_eq!(
        names(&["a dump of messages", PRODUCED, "without columns", PRODUCED]),
        ["other", "block_produced", "other", "block_produced"],
        "a log that never had columns"
    );
}

/// The head of an exception that refused a block, as 1.0, 1.2 and 2.0 print it.
const REFUSALS: [&str; 3] = [
    "827512ms thread-0   controller.cpp:867            push_block           ] 10 assert_exception: Assert Exception",
    "2018-09-05T06:29:32.183 thread-0   controller.cpp:1036           push_block           ] 3170003 producer_double_confirm: Producer is double confirming known range",
    "error 2020-12-15T07:41:29.534 nodeos    net_plugin.cpp:2946           process_signed_block ] [\"jungle2.cryptolions.io:9876 - f3ceec5\" 95.216.44.76:9876]bad block exception #28032198 8c4530a45c13a5b8...: Producer is double confirming known range (3170003)",
];

#[test]
fn the_cause_below_a_refusal_names_who_signed_twice() {
    for refusal in REFUSALS {
        for (wrapper, condition) in [
            ("", ""),
            ("", "itr->second < result.block_num - h.confirmed: "),
            ("Jan 15 18:15:51 ip-10-0-0-184 start.sh[23735]: ", ""),
            ("nodeos-1  | ", "itr->second < result.block_num - h.confirmed: "),
        ] {
            let mut classifier = Classifier::new();
            let refusal = format!("{wrapper}{refusal}");
            assert_eq!(classifier.classify(refusal.as_bytes()).name, EventName::BlockRejected);
            let cause = format!("{condition}producer jungleswedem double-confirming known range");
            let cause = format!("{wrapper}{cause}");
            let event = classifier.classify(cause.as_bytes());
            assert_eq!(event.reason, Some(Reason::DoubleConfirming), "{refusal}");
            assert_eq!(event.producer, "jungleswedem".parse().ok());
        }
    }
}

#[test]
fn the_cause_below_an_assertion_of_1_0_may_be_that_the_block_links_to_nothing() {
    let mut classifier = Classifier::new();
    classifier.classify(REFUSALS[0].as_bytes());
    let event = classifier.classify(b"prior != by_id_idx.end(): unlinkable block");
    assert_eq!((event.name, event.reason), (EventName::BlockRejected, Some(Reason::Unlinkable)));
}

#[test]
fn the_cause_below_a_refusal_is_read_and_nothing_else_is() {
    let refusal = "error 2018-11-12T05:58:41.503 thread-0  producer_plugin.cpp:311        on_incoming_block    ] 3030000 block_validate_exception: Block exception";
    let cause = "producer producer111a double-confirming known range";
    assert_eq!(
        names(&[refusal, cause, cause, PRODUCED]),
        ["block_rejected", "block_rejected", "other", "other"]
    );
    assert_eq!(names(&[refusal, PRODUCED, cause]), ["block_rejected", "other", "other"]);
    assert_eq!(names(&[OTHER, cause]), ["other", "other"]);
}

#[test]
fn colour_codes_in_a_name_change_nothing() {
    let line = format!("{NET}[\"\x1b[31mx\x1b[0m\" - 7 5.6.7.8:9] \x1b[2J{PRODUCED}");
    assert_eq!(alone(line.as_bytes()).name.as_str(), "other");
    let real = format!(
        "{NET}[\"\x1b[31mx\x1b[0m\" - 7 5.6.7.8:9] block 900 not accepted, closing connection"
    );
    assert_eq!(alone(real.as_bytes()).name.as_str(), "block_rejected");
}

#[test]
fn any_bytes_are_a_line() {
    let long = [OTHER.as_bytes(), &vec![b'x'; 1 << 20]].concat();
    let long_name =
        format!("{NET}[\"{}\" - 7 5.6.7.8:9] closing", "\" - 7 5.6.7.8:9] ".repeat(1 << 16));
    let colours = "\x1b[31m".repeat(1 << 18);
    let mut broken = RECEIVED.as_bytes().to_vec();
    broken[40] = 0xff;
    for line in [
        b"".as_slice(),
        b"\0\0\0\0",
        b"\r",
        b"\xff\xfe\x80",
        b"] ",
        b"info  2024-09-27T03:44:56.027 nodeos    a.cpp:1 f ]",
        b"info  2024-99-27T03:44:56.027 nodeos    a.cpp:1 f ] shutdown..",
        b"9999999ms thread-0   net_plugin.cpp:1 f ] shutdown..",
        &long,
        long_name.as_bytes(),
        colours.as_bytes(),
        &broken,
    ] {
        assert_eq!(
            alone(line).name.as_str(),
            "other",
            "{}",
            line.escape_ascii().take(80).map(char::from).collect::<String>()
        );
    }
    let after_hole = [&[0; 4096], RECEIVED.as_bytes()].concat();
    assert_eq!(alone(&after_hole).name.as_str(), "block_received", "a log cut in place");
}

#[test]
fn a_peer_that_breaks_its_name_over_two_lines_accuses_nobody() {
    for record in [
        "block_validate_exception accept block #900 syncing from x",
        "unable to accept block on assert exception Assert Exception (10) from x",
        "block 900 not accepted from x",
        "[\"x",
    ] {
        let line = format!("{NET}{record}");
        let accusation = "producer eosio double-confirming known range";
        assert_eq!(names(&[&line, accusation])[1], "other", "{record}");
    }
}
