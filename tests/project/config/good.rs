//! What loads, and what it means.

use std::path::{Path, PathBuf};

use eoskeeper::config::{Actuator, LeaseAccess, LogFormat, LogLevel, LogSource, Watch};
use eoskeeper::core::settings::{
    Fleet, Host, Lease, OnLeaseOutage, Promotion, Role, Rules, Settings, Wait,
};

use super::{ACTS, LEAST, loaded};

#[test]
fn the_least_file_has_every_default() {
    let config = loaded(LEAST);
    let expected = Settings::new(Role::FirstStandby, "eosstorebest".parse().unwrap());
    assert_eq!(config.settings, expected);
    assert_eq!(config.source, Path::new("/etc/eoskeeper/config.ini"));
    assert_eq!(config.http_url.as_str(), "http://127.0.0.1:8888/");
    assert_eq!(config.log, LogSource::File(PathBuf::from("/var/log/nodeos/nodeos.log")));
    assert_eq!((config.promote, config.demote, config.promote_remote), (None, None, None));
    assert_eq!(config.status_listen.to_string(), "127.0.0.1:9880");
    assert_eq!(config.state_dir, Path::new("/var/lib/eoskeeper"));
    assert_eq!((config.own_log.level, config.own_log.format), (LogLevel::Info, LogFormat::Text));
    assert_eq!(config.notes, [""; 0]);
}

/// A file of the original tool, with all of its keys and the values quoted.
const ORIGINAL: &str = r#"
[global]
role = "B"
producer_name = "eosstorebest"
http_port = "8888"
is_docker = "false"
log_file = "/data/eos/nodeos.log"
c_name = "nodeos"
"#;

#[test]
fn a_file_of_the_original_tool_loads_unchanged() {
    for (name, text) in [
        ("quoted", ORIGINAL.to_owned()),
        ("bare", ORIGINAL.replace('"', "")),
        ("single quotes", ORIGINAL.replace('"', "'")),
        ("no blanks", ORIGINAL.replace(" = ", "=")),
        ("colons", ORIGINAL.replace(" = ", ": ")),
        ("port as a number", ORIGINAL.replace("\"8888\"", "8888")),
        ("Windows line ends", ORIGINAL.replace('\n', "\r\n")),
        ("no empty first line", ORIGINAL.trim_start().to_owned()),
        ("indented", ORIGINAL.replace('\n', "\n \t")),
        ("no last line end", ORIGINAL.trim_end().to_owned()),
    ] {
        let config = loaded(&text);
        assert_eq!(config.settings.role, Role::FirstStandby, "{name}");
        assert_eq!(config.settings.producer.as_str(), "eosstorebest", "{name}");
        assert_eq!(config.http_url.as_str(), "http://127.0.0.1:8888/", "{name}");
        assert_eq!(config.log, LogSource::File(PathBuf::from("/data/eos/nodeos.log")), "{name}");
        assert_eq!(config.notes, ["c_name is not used: is_docker is false"], "{name}");
    }
}

/// What `[lease]` with three members and these lines is.
fn lease_of(lines: &str) -> (Lease, LeaseAccess) {
    let members = "http://10.0.0.1:2379, http://10.0.0.2:2379, http://10.0.0.3:2379";
    let config = loaded(&format!(
        "{LEAST}[references]\nurls = http://r\n{ACTS}[lease]\nendpoints = {members}\n{lines}"
    ));
    assert_eq!(config.notes, [""; 0]);
    (config.settings.lease.unwrap(), config.lease.unwrap())
}

#[test]
fn a_lease_has_its_defaults_and_what_is_given() {
    let (times, access) = lease_of("");
    assert_eq!(times, Lease::DEFAULT);
    assert_eq!((access.endpoints.len(), access.prefix.as_str()), (3, "/eoskeeper"));
    assert_eq!((access.user, access.password_file, access.ca_file), (None, None, None));

    let (times, access) = lease_of(
        "ttl_seconds = 6\nrenew_seconds = 1.5\ntimeout_seconds = 1.75\nlapsed_slots = 12\n\
         on_lease_outage = keep_if_chain_proves\nprefix = /bp/x\nuser = k\npassword_file = pw\n",
    );
    let expected = Lease {
        ttl_ms: 6_000,
        renew_ms: 1_500,
        timeout_ms: 1_750,
        on_outage: OnLeaseOutage::KeepIfChainProves,
        lapsed_slots: 12,
    };
    assert_eq!(times, expected);
    assert_eq!((access.prefix.as_str(), access.user.as_deref()), ("/bp/x", Some("k")));
    assert_eq!(access.password_file, Some(PathBuf::from("/etc/eoskeeper/pw")));
}

#[test]
fn two_members_are_told_to_be_too_few() {
    let config =
        loaded(&format!("{LEAST}{ACTS}[lease]\nendpoints = http://a:2379, http://b:2379\n"));
    assert_eq!(config.notes.len(), 2);
    assert!(config.notes[1].contains("neither [peers] nor [references]"), "{:?}", config.notes);
    assert!(config.notes[0].contains("three or five"), "{:?}", config.notes);
}

#[test]
fn a_script_that_stops_later_than_the_lease_lapses_is_told() {
    for (demote, timeout, is_told) in
        [("api", "10", false), ("./demote.sh", "10", true), ("./demote.sh", "3", false)]
    {
        let acts = format!(
            "[promotion]\npromote = api\ndemote = {demote}\nact_timeout_seconds = {timeout}\n"
        );
        let lease = "[lease]\nendpoints = http://a:2379, http://b:2379, http://c:2379\n";
        let config = loaded(&format!("{LEAST}[references]\nurls = http://r\n{acts}{lease}"));
        let told = config.notes.iter().any(|note| note.contains("a lease that cannot be renewed"));
        assert_eq!(told, is_told, "{demote} {timeout}: {:?}", config.notes);
    }
}

#[test]
fn docker_wins_over_the_log_file_and_says_so() {
    for yes in ["true", "\"true\"", "True", "yes", "on", "1"] {
        let config = loaded(&ORIGINAL.replace("\"false\"", yes));
        let docker = LogSource::Docker { container: "nodeos".to_owned(), host: None };
        assert_eq!(config.log, docker, "{yes}");
        let note = "log_file is not used: is_docker is true and the log is read from Docker";
        assert_eq!(config.notes, [note], "{yes}");
    }
}

#[test]
fn what_is_not_used_may_be_empty() {
    let config = loaded(&ORIGINAL.replace("\"nodeos\"", "\"\""));
    assert_eq!(config.notes, [""; 0]);
    let docker = ORIGINAL.replace("\"false\"", "true").replace("\"/data/eos/nodeos.log\"", "");
    assert_eq!(loaded(&docker).notes, [""; 0]);
}

#[test]
fn every_role_has_its_own_wait() {
    for (letters, role, rounds) in [
        ("Aa", Role::Active, 2),
        ("Bb", Role::FirstStandby, 2),
        ("Cc", Role::SecondStandby, 6),
        ("Ff", Role::Observer, 5),
    ] {
        for letter in letters.chars() {
            let config = loaded(&LEAST.replace("role = B", &format!("role = {letter}")));
            assert_eq!(config.settings.role, role);
            assert_eq!(config.settings.promotion.wait, Wait::Rounds(rounds), "{letter}");
        }
    }
}

#[test]
fn values_are_read_as_rust_ini_reads_them() {
    for (written, path) in [
        ("/var/log/nodeos.log", "/var/log/nodeos.log"),
        ("/var/log/nodeos.log # the log", "/var/log/nodeos.log"),
        ("/var/log/nodeos.log\t; the log", "/var/log/nodeos.log"),
        ("/var/log/nodeos#1;a.log", "/var/log/nodeos#1;a.log"),
        ("\"/var/log/a # b ; c.log\" # the log", "/var/log/a # b ; c.log"),
        ("'/var/log/\"nodeos\".log'", "/var/log/\"nodeos\".log"),
        ("\"/var/log/it's.log\"", "/var/log/it's.log"),
        ("/var/log/it's.log", "/var/log/it's.log"),
        ("/var/log/a=b:c.log", "/var/log/a=b:c.log"),
        ("/var/log/b\\\\c\\x00e9.log", "/var/log/b\\cé.log"),
        ("/日誌/节点.log", "/日誌/节点.log"),
        ("nodeos.log", "/etc/eoskeeper/nodeos.log"),
        ("\"#1.log\"", "/etc/eoskeeper/#1.log"),
    ] {
        let config = loaded(&LEAST.replace("/var/log/nodeos/nodeos.log", written));
        assert_eq!(config.log, LogSource::File(PathBuf::from(path)), "{written}");
    }
}

#[test]
fn comments_stand_anywhere() {
    let text = "; first\n# second\n  # third = not a key\n\t;[state]\n[global] ; the node\n";
    let config = loaded(&format!("{text}{}", LEAST.replace("[global]\n", "# fourth\n\n")));
    assert_eq!(config.settings.role, Role::FirstStandby);
}

#[test]
fn port_and_url_may_say_the_same() {
    for (url, expected) in [
        ("http://127.0.0.1:8888", "http://127.0.0.1:8888/"),
        ("http://localhost:8888/", "http://localhost:8888/"),
        ("http://[::1]:8888", "http://[::1]:8888/"),
    ] {
        let config = loaded(&format!("{LEAST}http_url = {url}\n"));
        assert_eq!(config.http_url.as_str(), expected);
    }
    let text = LEAST.replace("http_port = 8888", "http_url = https://node.example");
    assert_eq!(loaded(&text).http_url.as_str(), "https://node.example/");
}

#[test]
fn thresholds_take_decimals_and_change_nothing_else() {
    let config = loaded(&format!(
        "{LEAST}[rules]\npoll_interval_seconds = 0.25\nhead_stalled_seconds = 12.5\n\
         missed_blocks = 12\n"
    ));
    let expected = Rules {
        poll_interval_ms: 250,
        head_stalled_ms: 12_500,
        missed_blocks: 12,
        ..Rules::default()
    };
    assert_eq!(config.settings.rules, expected);
}

#[test]
fn a_standby_acts_by_the_api_or_by_scripts() {
    let config = loaded(&format!(
        "{LEAST}[promotion]\npromote = scripts/promote.sh\ndemote = API\ndry_run = on\n\
         wait_rounds = 3\nverify_rounds = 2\nconfirm_ticks = 5\nmax_promotions = 1\n\
         budget_window_hours = 12.5\nact_timeout_seconds = 2.5\n"
    ));
    let script = PathBuf::from("/etc/eoskeeper/scripts/promote.sh");
    assert_eq!(config.promote, Some(Actuator::Script(script)));
    assert_eq!(config.demote, Some(Actuator::Api));
    let expected = Promotion {
        configured: true,
        can_demote: true,
        can_promote: true,
        dry_run: true,
        wait: Wait::Rounds(3),
        verify_rounds: 2,
        confirm_ticks: 5,
        max_promotions: 1,
        budget_window_ms: 45_000_000,
        act_timeout_ms: 2_500,
        ..Promotion::for_role(Role::FirstStandby)
    };
    assert_eq!(config.settings.promotion, expected);
}

#[test]
fn the_active_node_acts_on_another_by_a_script() {
    let active = LEAST.replace("role = B", "role = A");
    let config =
        loaded(&format!("{active}[promotion]\npromote_remote = /opt/remote.sh\ndemote = api\n"));
    assert_eq!(config.promote_remote, Some(Actuator::Script(PathBuf::from("/opt/remote.sh"))));
    assert!(config.settings.promotion.configured);
    assert!(config.settings.promotion.can_demote);
}

#[test]
fn a_short_fixed_wait_is_taken_and_noted() {
    let wait = |seconds| loaded(&format!("{LEAST}[promotion]\nwait_seconds = {seconds}\n"));
    let config = wait("48.5");
    assert_eq!(config.settings.promotion.wait, Wait::Fixed(48_500));
    assert_eq!(
        config.notes,
        ["wait_seconds = 48.5 is less than two rounds of 21 producers (252 seconds): a producer \
          that missed one turn may be taken for missing"]
    );
    assert_eq!(wait("260").notes, [""; 0]);
}

#[test]
fn the_rest_is_taken_as_given() {
    let config = loaded(&format!(
        "{LEAST}is_docker = true\nc_name = nodeos-1\ndocker_host = tcp://10.0.0.5:2375\n\
         [status]\nlisten = [::1]:9000\n[state]\ndir = state\n[log]\nlevel = DEBUG\n\
         format = json\n"
    ));
    assert_eq!(
        config.log,
        LogSource::Docker {
            container: "nodeos-1".to_owned(),
            host: Some("tcp://10.0.0.5:2375".to_owned())
        }
    );
    assert_eq!(config.status_listen.to_string(), "[::1]:9000");
    assert_eq!(config.state_dir, Path::new("/etc/eoskeeper/state"));
    assert_eq!((config.own_log.level, config.own_log.format), (LogLevel::Debug, LogFormat::Json));
}

#[test]
fn knows_whether_others_can_ask() {
    for (listen, loopback) in [
        ("127.0.0.1:9880", true),
        ("127.8.9.1:1", true),
        ("[::1]:9880", true),
        ("[::ffff:127.0.0.1]:9880", true),
        ("0.0.0.0:9880", false),
        ("[::]:9880", false),
        ("10.0.0.5:9880", false),
    ] {
        let token = super::secret_file(0o600, "0123456789abcdef");
        let token = format!("token_file = {}", token.display());
        let config = loaded(&format!("{LEAST}[status]\nlisten = {listen}\n{token}\n"));
        assert_eq!(config.is_loopback(), loopback, "{listen}");
    }
}

#[test]
fn role_a_may_be_armed_without_being_one_that_acts_on_the_standby() {
    let text = LEAST.replace("role = B", "role = A");
    let config = loaded(&format!("{text}[promotion]\npromote = api\ndemote = api\n"));
    let policy = config.settings.promotion;
    assert_eq!((policy.configured, policy.can_promote, policy.can_demote), (false, true, true));
    let more = "promote_remote = ./r.sh\nfence = ./f.sh\nrestart = ./s.sh\nremind_hours = 0\n\
                restart_wait_seconds = 90\n";
    let config = loaded(&format!("{text}[promotion]\ndemote = api\n{more}"));
    let policy = config.settings.promotion;
    assert_eq!((policy.configured, policy.can_promote), (true, false));
    assert_eq!((policy.can_fence, policy.can_restart), (true, true));
    assert_eq!((policy.restart_wait_ms, policy.remind_ms, policy.by_key), (90_000, 0, false));
    assert_eq!(config.fence, Some(Actuator::Script("/etc/eoskeeper/f.sh".into())));
    assert_eq!(config.restart, Some(Actuator::Script("/etc/eoskeeper/s.sh".into())));
    let standby = loaded(&format!("{LEAST}[promotion]\npromote = api\ndemote = api\n"));
    let policy = standby.settings.promotion;
    assert_eq!((policy.configured, policy.can_promote, policy.can_fence), (true, true, false));
}

#[test]
fn a_promotion_by_key_is_by_its_script_and_the_key_has_one_form() {
    let new = "PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63";
    let old = "EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV";
    for key in [new, old] {
        let keys = format!("key_script = ./key.sh\nproducer_key = {key}\n");
        let config = loaded(&format!("{LEAST}[promotion]\npromote = key\ndemote = api\n{keys}"));
        assert_eq!(config.settings.producer_key.as_deref(), Some(new));
        assert!(config.settings.promotion.by_key);
        assert_eq!(config.promote, Some(Actuator::Script("/etc/eoskeeper/key.sh".into())));
        let unused = loaded(&format!("{LEAST}[promotion]\npromote = api\ndemote = api\n{keys}"));
        assert_eq!(unused.settings.producer_key, None);
        assert_eq!(unused.notes.len(), 2, "{:?}", unused.notes);
    }
}

#[test]
fn what_is_watched_follows_from_where_nodeos_runs() {
    let unit = Some(Watch::Unit("nodeos.service".to_owned()));
    let docker = "is_docker = yes\nc_name = nodeos\n";
    for (more, watch, notes) in [
        ("".to_owned(), Some(Watch::Port), 0),
        ("unit = nodeos.service\n".to_owned(), unit, 0),
        ("watch_process = no\n".to_owned(), None, 0),
        ("watch_process = no\nunit = nodeos.service\n".to_owned(), None, 1),
        (docker.to_owned(), Some(Watch::Container), 1),
        // One note more: log_file is not used either.
        (format!("{docker}unit = nodeos.service\n"), Some(Watch::Container), 2),
    ] {
        let config = loaded(&format!("{LEAST}{more}"));
        assert_eq!((config.watch, config.notes.len()), (watch, notes), "{more}");
    }
}

#[test]
fn what_is_watched_beside_the_node_has_its_defaults_and_what_is_given() {
    let config = loaded(LEAST);
    assert_eq!(config.settings.host, Some(Host::DEFAULT));
    assert_eq!((config.settings.fleet, config.settings.pool), (Fleet::default(), None));
    let lines = "[host]\nwatch = no\n[fleet]\nurls = oslo-1=http://10.0.1.2:9880\noffline_minutes = 2.5\n\
                 [pool]\nurl = https://api.example/bitcoin/\naccount = us\nhashrate_floor = 1.5P\n";
    let config = loaded(&format!("{LEAST}{lines}"));
    assert_eq!((config.host, config.settings.host), (None, None));
    assert_eq!(config.settings.fleet.names, ["oslo-1"]);
    assert_eq!(config.settings.fleet.offline_ms, 150_000);
    assert_eq!(config.fleet[0].1.as_str(), "http://10.0.1.2:9880/");
    let (access, pool) = (config.pool.unwrap(), config.settings.pool.unwrap());
    assert_eq!(access.url.as_str(), "https://api.example/bitcoin/us");
    assert_eq!((access.question, access.token), (None, None));
    assert_eq!(pool.hashrate_floor, Some(1_500_000_000_000_000));
    let lines = "[pool]\nurl = https://api.example/v2/list\naccount = us\ncurrency = bitcoin\n";
    let access = loaded(&format!("{LEAST}{lines}")).pool.unwrap();
    assert_eq!(access.url.as_str(), "https://api.example/v2/list");
    assert_eq!(access.question.map(|question| question.account).as_deref(), Some("us"));
}

#[test]
fn the_file_of_members_is_read_and_its_faults_are_named() {
    let load = |file: &str, urls: &str| {
        let file = super::secret_file(0o644, file);
        let text = format!("{LEAST}[fleet]\n{urls}members_file = {}\n", file.display());
        super::parsed(&text).map(|config| config.fleet)
    };
    let good = "# ours\n\n oslo-1 = http://10.0.1.2:9880  # north\ntokyo-1=https://tokyo.example\n";
    let members = load(good, "urls = a=http://10.0.0.9:9880\n").unwrap();
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "oslo-1", "tokyo-1"]);
    for (bad, why) in [
        ("oslo-1\n", "line 1: 'oslo-1' is no NAME=ADDRESS"),
        ("\nOslo=http://a\n", "line 2: 'Oslo' is no name of a node"),
        ("a=http://b:1\n", "line 1: a or its address is there twice"),
        ("b=http://10.0.0.9:9880\n", "line 1: b or its address is there twice"),
        ("b=http://u:p@x\n", "line 1: the address holds an @"),
    ] {
        let error = load(bad, "urls = a=http://10.0.0.9:9880\n").unwrap_err().to_string();
        assert!(error.contains(why), "{bad}: {error}");
    }
    let many: String = (0..1_001).map(|n| format!("m{n}=http://10.0.0.1:{}\n", n + 1)).collect();
    let error = load(&many, "").unwrap_err().to_string();
    assert!(error.contains("line 1001: more than 1000 members"), "{error}");
}
