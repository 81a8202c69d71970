//! Whether nodeos can sign for the producer, with whose key, and who else has it.

use super::cases::{Advice, Case};
use super::facts::Facts;
use crate::config::Config;
use crate::core::settings::{Role, Settings};
use crate::nodeos::options::{DEVELOPMENT_KEY, Options};

/// Compares nodeos's keys with the schedule's and the configuration's.
pub(super) fn look(config: &Config, facts: &Facts) -> Vec<Advice> {
    let settings = &config.settings;
    if settings.role == Role::Observer {
        return Vec::new();
    }
    let Some(node) = facts.node.as_ref().filter(|node| node.unread.is_empty()) else {
        return vec![Case::KeyUnknown.because("nodeos's configuration was not seen.")];
    };
    let fence = config.fence.is_some() || settings.lease.is_some();
    judge(settings, &node.options, facts.keys.as_deref().unwrap_or_default(), fence)
}

/// The public keys nodeos signs blocks with.
pub(super) fn own(options: &Options) -> Vec<String> {
    let named = options.signers.iter().map(|key| key.public.clone());
    let default = options.has_default_key.then(|| DEVELOPMENT_KEY.to_owned());
    named.chain(default).collect()
}

/// `wanted` are the schedule's keys, none where the producer is not in it.
fn judge(settings: &Settings, options: &Options, wanted: &[String], fence: bool) -> Vec<Advice> {
    let own = own(options);
    let producer = settings.producer;
    let mut advice = Vec::new();
    if own.iter().any(|key| key == DEVELOPMENT_KEY) {
        let how = if options.has_default_key { "has no signature-provider and " } else { "" };
        let words = format!("nodeos {how}signs with {DEVELOPMENT_KEY}.");
        advice.push(Case::KeyDefault.because(words));
    }
    if let Some(key) = settings.producer_key.as_ref().filter(|_| settings.promotion.by_key) {
        advice.push(if own.contains(key) {
            Case::KeyFits.because(format!("nodeos has the key of its own, {key}."))
        } else {
            Case::KeyNotOurs.because(format!("nodeos does not have {key}."))
        });
        return advice;
    }
    let fits = wanted.iter().any(|key| own.contains(key));
    advice.push(match (wanted.is_empty(), fits) {
        (true, _) => Case::KeyUnknown.because(format!(
            "The schedule names no key of {producer}: it is not in it, or did not come."
        )),
        (false, false) => Case::KeyMissing.because(format!(
            "The schedule lets {producer} sign with {}, and nodeos has none of them.",
            wanted.join(", ")
        )),
        (false, true) if settings.role.is_standby() && !fence => Case::KeyOnTwo.because(format!(
            "This standby has the key of the schedule ({}), and neither a fence nor a lease.",
            wanted.join(", ")
        )),
        (false, true) => Case::KeyFits.because("nodeos has the key of the schedule."),
    });
    advice
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_held_against_the_schedule_and_the_configuration() {
        const OTHER: &str = "PUB_K1_7ZuC2xQv5Ayp3uTCzZLnWGeU4YcrzEdoC1qTj6NwTC7RV1rB8Y";
        let options = |keys: &[&str]| Options {
            signers: keys
                .iter()
                .map(|key| crate::nodeos::options::Signer {
                    public: (*key).to_owned(),
                    provider: "KEY".to_owned(),
                })
                .collect(),
            has_default_key: keys.is_empty(),
            ..Options::default()
        };
        let settings = |role, own: Option<&str>| {
            let mut settings = Settings::new(role, "eosstorebest".parse().unwrap());
            settings.producer_key = own.map(str::to_owned);
            settings.promotion.by_key = own.is_some();
            settings
        };
        let (a, b) = (settings(Role::Active, None), settings(Role::FirstStandby, None));
        let by_key = settings(Role::FirstStandby, Some(OTHER));
        for (case, settings, keys, wanted, fence, expected) in [
            ("active with its key", &a, &["k"][..], &["k"][..], false, &[Case::KeyFits][..]),
            ("standby with it, nothing fences", &b, &["k"], &["k"], false, &[Case::KeyOnTwo]),
            ("standby with it, fenced", &b, &["k"], &["k"], true, &[Case::KeyFits]),
            ("another key", &b, &["x"], &["k"], true, &[Case::KeyMissing]),
            ("not elected", &b, &["x"], &[], true, &[Case::KeyUnknown]),
            (
                "no key at all",
                &a,
                &[],
                &[DEVELOPMENT_KEY],
                true,
                &[Case::KeyDefault, Case::KeyFits],
            ),
            ("by its own key", &by_key, &[OTHER], &["k"], false, &[Case::KeyFits]),
            ("by a key it lacks", &by_key, &["k"], &["k"], false, &[Case::KeyNotOurs]),
        ] {
            let wanted: Vec<String> = wanted.iter().map(|key| (*key).to_owned()).collect();
            let advice = judge(settings, &options(keys), &wanted, fence);
            let shown: Vec<_> = advice.iter().map(|a| (a.name, a.verdict)).collect();
            let expected: Vec<_> = expected.iter().map(|c| (c.name(), c.verdict())).collect();
            assert_eq!(shown, expected, "{case}");
        }
    }
}
