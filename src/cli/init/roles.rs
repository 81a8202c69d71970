//! Which role a node is for, and for which producer, by what it says of itself.

use super::look::Found;
use crate::core::name::Name;
use crate::core::settings::Role;

/// Whether the node has the key by which the schedule lets the producer sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HasKey {
    Yes,
    No,
    /// The producer is not in the schedule, or the configuration could not be read.
    Unknown,
}

/// The producer, where there is no doubt; else why there is.
pub(super) fn producer(found: &Found) -> Result<Name, String> {
    let named = found.producers();
    let is_scheduled = |name: &&Name| found.schedule.as_ref().is_some_and(|all| all.contains(name));
    let scheduled: Vec<&Name> = named.iter().filter(is_scheduled).collect();
    match (named.as_slice(), scheduled.as_slice()) {
        ([one], _) => Ok(*one),
        (_, [one]) => Ok(**one),
        ([], _) => Err("this nodeos names no producer-name".to_owned()),
        (all, _) => {
            let names: Vec<&str> = all.iter().map(Name::as_str).collect();
            Err(format!("this nodeos signs for {} producers: {}", all.len(), names.join(", ")))
        }
    }
}

/// Whether it can sign for the producer now.
pub(super) fn has_key(found: &Found, producer: Name) -> HasKey {
    let Some(node) = found.node.as_ref().filter(|node| node.unread.is_empty()) else {
        return HasKey::Unknown;
    };
    let wanted = found.keys.iter().find(|(name, _)| *name == producer).map(|(_, keys)| keys);
    let Some(wanted) = wanted.filter(|keys| !keys.is_empty()) else { return HasKey::Unknown };
    let default = crate::nodeos::options::DEVELOPMENT_KEY;
    let own = node.options.signers.iter().map(|key| key.public.as_str());
    let own: Vec<&str> = own.chain(node.options.has_default_key.then_some(default)).collect();
    if wanted.iter().any(|key| own.contains(&key.as_str())) { HasKey::Yes } else { HasKey::No }
}

/// The role, and the reason in words.
pub(super) fn role(found: &Found, producer: Option<Name>) -> (Role, String) {
    let (Some(producer), false) = (producer, found.producers().is_empty()) else {
        return (Role::Observer, "it names no producer-name: it signs nothing".to_owned());
    };
    let starts_paused = found.node.as_ref().is_some_and(|node| node.options.is_paused);
    let is_scheduled = found.schedule.as_ref().is_some_and(|all| all.contains(&producer));
    match (found.paused, has_key(found, producer)) {
        (Some(true), _) => (
            Role::FirstStandby,
            "it names the producer and is paused: a standby; say --role A if it is the active node \
             and was just started, C if there is a first standby"
                .to_owned(),
        ),
        (_, HasKey::No) => (
            Role::FirstStandby,
            format!("it has no key by which the schedule lets {producer} sign"),
        ),
        (Some(false), _) if is_scheduled => {
            (Role::Active, format!("it is not paused, and {producer} is in the active schedule"))
        }
        (Some(false), _) => (
            Role::Active,
            format!("it is not paused; {producer} is not in the active schedule, though"),
        ),
        (None, _) if starts_paused => {
            (Role::FirstStandby, "it names the producer and has pause-on-startup".to_owned())
        }
        (None, _) => (
            Role::Active,
            "it names the producer and does not start paused; whether it is paused now it does not \
             say, for want of producer_api_plugin"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::init::draft::tests::{KEY, found};

    #[test]
    fn the_role_follows_from_the_producer_the_pause_and_the_key() {
        let bp = "producer-name = eosstorebest\n";
        for (case, config, paused, scheduled, expected, words) in [
            ("no producer", "", None, true, 'F', "names no producer-name"),
            ("signs", bp, Some(false), true, 'A', "in the active schedule"),
            ("not elected", bp, Some(false), false, 'A', "not in the active schedule"),
            ("paused", bp, Some(true), true, 'B', "is paused"),
            ("no api", bp, None, true, 'A', "producer_api_plugin"),
            (
                "no api, paused at start",
                "producer-name = eosstorebest\npause-on-startup = true\n",
                None,
                true,
                'B',
                "pause-on-startup",
            ),
        ] {
            let mut found = found(config, paused);
            if !scheduled {
                found.schedule = Some(vec!["producer111a".parse().unwrap()]);
                found.keys.clear();
            }
            let (role, why) = role(&found, producer(&found).ok());
            assert!(role.letter() == expected && why.contains(words), "{case}: {role:?} {why}");
        }
        let mut other = found(bp, Some(false));
        other.keys = vec![("eosstorebest".parse().unwrap(), vec!["PUB_K1_other".to_owned()])];
        assert_eq!(role(&other, producer(&other).ok()).0, Role::FirstStandby);
    }

    #[test]
    fn the_key_is_compared_with_the_schedule() {
        let bp: Name = "eosstorebest".parse().unwrap();
        let own = found(
            &format!("producer-name = eosstorebest\nsignature-provider = {KEY}=KEY:x\n"),
            None,
        );
        assert_eq!(has_key(&own, bp), HasKey::Yes);
        let mut unread = own.clone();
        unread.node.as_mut().unwrap().unread.push("config.ini".to_owned());
        assert_eq!(has_key(&unread, bp), HasKey::Unknown);
        let mut elsewhere = own.clone();
        elsewhere.keys[0].1 = vec!["PUB_K1_other".to_owned()];
        assert_eq!(has_key(&elsewhere, bp), HasKey::No);
        let mut unelected = own;
        unelected.keys.clear();
        assert_eq!(has_key(&unelected, bp), HasKey::Unknown);
    }

    #[test]
    fn of_several_producers_the_one_in_the_schedule_is_meant() {
        let two = found("producer-name = other\nproducer-name = eosstorebest\n", None);
        assert_eq!(producer(&two).unwrap().as_str(), "eosstorebest");
        let mut doubt = two.clone();
        doubt.schedule = None;
        assert!(producer(&doubt).unwrap_err().contains("2 producers: other, eosstorebest"));
        assert!(producer(&found("", None)).unwrap_err().contains("no producer-name"));
    }
}
