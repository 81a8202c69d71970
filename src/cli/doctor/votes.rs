//! Finalizer keys: each node has its own, and no safety.dat is a copy.

use super::cases::{Advice, Case};
use super::facts::Facts;
use super::others::Other;

/// Compares this node with the others of this host and with those given by `--with`.
pub(super) fn look(own: &Other, facts: &Facts, others: &[Other]) -> Vec<Advice> {
    let here = facts.others.iter().map(|(node, _)| Other {
        name: node.place.words(),
        finalizer_keys: node.options.finalizers.iter().map(|key| key.public.clone()).collect(),
        ..Other::default()
    });
    let all: Vec<Other> = here.chain(others.iter().cloned()).collect();
    judge(own, &all, facts.finalizers.as_deref().ok(), !others.is_empty())
}

/// `active` are the keys of the active policy, where the chain has one.
fn judge(
    own: &Other,
    others: &[Other],
    active: Option<&[String]>,
    is_compared: bool,
) -> Vec<Advice> {
    let mut advice = Vec::new();
    for other in others {
        let both = own.finalizer_keys.iter().filter(|key| other.finalizer_keys.contains(key));
        advice.extend(
            both.map(|key| {
                Case::FinalizerTwice.because(format!("{} has {key} as well.", other.name))
            }),
        );
        let copied =
            own.safety_dat_sha256.is_some() && own.safety_dat_sha256 == other.safety_dat_sha256;
        if copied {
            advice.push(
                Case::SafetyCopied.because(format!("{} has the same safety.dat.", other.name)),
            );
        }
    }
    if !advice.is_empty() {
        return advice;
    }
    let [first, ..] = own.finalizer_keys.as_slice() else {
        return vec![
            Case::FinalizerOwn
                .because("nodeos has no finalizer key, or its configuration was not seen."),
        ];
    };
    if active.is_some_and(|keys| !own.finalizer_keys.iter().any(|key| keys.contains(key))) {
        advice
            .push(Case::FinalizerIdle.because(format!("The active policy does not have {first}.")));
    }
    advice.push(if is_compared {
        Case::FinalizerOwn.because(format!("None of the nodes compared has {first}."))
    } else {
        Case::FinalizerCompare.because(format!("nodeos votes with {first}."))
    });
    advice
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finalizer_key_is_on_one_node() {
        let node = |keys: &[&str], safety: Option<&str>| Other {
            name: "b".to_owned(),
            finalizer_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            safety_dat_sha256: safety.map(str::to_owned),
            ..Other::default()
        };
        let active = ["x".to_owned()];
        for (case, own, others, active, compared, expected) in [
            ("none", node(&[], None), vec![], None, false, &[Case::FinalizerOwn][..]),
            ("not compared", node(&["x"], None), vec![], None, false, &[Case::FinalizerCompare]),
            (
                "its own",
                node(&["x"], Some("1")),
                vec![node(&["y"], Some("2"))],
                Some(&active[..]),
                true,
                &[Case::FinalizerOwn],
            ),
            (
                "on two",
                node(&["x"], None),
                vec![node(&["y", "x"], None)],
                None,
                true,
                &[Case::FinalizerTwice],
            ),
            (
                "copied",
                node(&["x"], Some("1")),
                vec![node(&["x"], Some("1"))],
                None,
                true,
                &[Case::FinalizerTwice, Case::SafetyCopied],
            ),
            (
                "nobody counts it",
                node(&["z"], None),
                vec![],
                Some(&active[..]),
                false,
                &[Case::FinalizerIdle, Case::FinalizerCompare],
            ),
        ] {
            let advice = judge(&own, &others, active, compared);
            let shown: Vec<_> = advice.iter().map(|a| (a.next, a.verdict)).collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|c| (Some(c.next()).filter(|next| !next.is_empty()), c.verdict()))
                .collect();
            assert_eq!(shown, expected, "{case}");
        }
    }
}
