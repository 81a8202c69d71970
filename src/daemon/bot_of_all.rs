//! The bot's answers where a file has several nodes: each node's, one below the other.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::bot::KeeperAnswers;
use crate::actions::notify::telegram::answers::{Answer, Answers, Asking, NoAnswer, Period};

/// Whoever knows the nodes that speak.
pub(super) trait OfNode: Send + Sync {
    /// Their names and their answers, in the order of the file; in place of the answers of one
    /// whose keeper does not run, why.
    fn each(&self) -> Vec<(String, Answering)>;
}

/// Who answers for a node, or why nobody does.
pub(super) type Answering = Result<Arc<KeeperAnswers>, String>;

/// Answers for all of them.
pub(super) struct AnswersOfAll(pub(super) Arc<dyn OfNode>);

impl Answers for AnswersOfAll {
    fn status(&self) -> Asking<'_> {
        Box::pin(async { together(ask(self.0.each(), |node| node.status()).await) })
    }

    fn why(&self) -> Asking<'_> {
        Box::pin(async { together(ask(self.0.each(), |node| node.why()).await) })
    }

    fn report(&self, period: Period) -> Asking<'_> {
        Box::pin(async move { together(ask(self.0.each(), |node| node.report(period)).await) })
    }

    fn incidents(&self) -> Asking<'_> {
        Box::pin(async { together(ask(self.0.each(), |node| node.incidents()).await) })
    }

    fn silence(&self, length: Duration, cause: Option<String>, by: String) -> Asking<'_> {
        Box::pin(async move {
            let mut said = Vec::new();
            for (name, node) in self.0.each() {
                let answer = match node {
                    Ok(node) => node.silence(length, cause.clone(), by.clone()).await,
                    Err(why) => Err(NoAnswer::Failed(why)),
                };
                said.push((name, answer));
            }
            together(said)
        })
    }
}

type Said = Vec<(String, Result<Answer, NoAnswer>)>;

/// Asks all at once: the bot gives them one deadline together.
async fn ask(
    nodes: Vec<(String, Answering)>,
    question: impl Fn(&KeeperAnswers) -> Asking<'_>,
) -> Said {
    let each = nodes.iter().map(async |(name, node)| {
        let answer = match node {
            Ok(node) => question(node).await,
            Err(why) => Err(NoAnswer::Failed(why.clone())),
        };
        (name.clone(), answer)
    });
    join_all(each).await
}

/// One answer of all; what fails for one node is said in its place.
fn together(said: Said) -> Result<Answer, NoAnswer> {
    // What fails for all in the same words is said once.
    let is_one = said.windows(2).all(|pair| pair[0].1 == pair[1].1);
    if is_one && said.iter().all(|(_, answer)| answer.is_err()) {
        return said.into_iter().next().map_or(Err(NoAnswer::Unavailable), |(_, answer)| answer);
    }
    let names: Vec<&str> = said.iter().map(|(name, _)| name.as_str()).collect();
    let mut all = Answer { title: names.join(", "), ..Answer::default() };
    for (name, answer) in said {
        if !all.lines.is_empty() {
            all.lines.push(String::new());
        }
        match answer {
            Ok(answer) => {
                all.lines.push(format!("{name}: {}", answer.title));
                all.lines.extend(answer.lines);
                all.pictures.extend(answer.pictures);
            }
            Err(NoAnswer::Failed(why)) => all.lines.push(format!("{name}: {why}")),
            Err(NoAnswer::Unavailable) => all.lines.push(format!("{name}: –")),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Down;

    impl OfNode for Down {
        fn each(&self) -> Vec<(String, Answering)> {
            vec![("eos".to_owned(), Err("It does not run.".to_owned()))]
        }
    }

    #[tokio::test]
    async fn for_a_keeper_that_does_not_run_its_fault_is_said() {
        let (answers, expected) =
            (AnswersOfAll(Arc::new(Down)), Err(NoAnswer::Failed("It does not run.".to_owned())));
        assert_eq!(answers.status().await, expected);
        assert_eq!(answers.why().await, expected);
        assert_eq!(answers.incidents().await, expected);
        let silence = answers.silence(Duration::from_secs(60), None, "Ann".to_owned());
        assert_eq!(silence.await, expected);
    }

    #[test]
    fn each_node_is_named_and_one_that_fails_hides_no_other() {
        let answer = |title: &str| {
            Ok(Answer { title: title.into(), lines: vec!["more".into()], ..Answer::default() })
        };
        let failed = |why: &str| Err(NoAnswer::Failed(why.into()));
        let all = together(vec![
            ("eos".into(), answer("It signs.")),
            ("wax".into(), failed("The keeper is busy.")),
            ("telos".into(), answer("It watches.")),
        ])
        .unwrap();
        assert_eq!(all.title, "eos, wax, telos");
        let expected = [
            "eos: It signs.",
            "more",
            "",
            "wax: The keeper is busy.",
            "",
            "telos: It watches.",
            "more",
        ];
        assert_eq!(all.lines, expected);
        assert_eq!(together(vec![("eos".into(), failed("Busy."))]), failed("Busy."));
        let both = vec![("eos".into(), failed("Busy.")), ("wax".into(), failed("Down."))];
        assert_eq!(together(both).unwrap().lines, ["eos: Busy.", "", "wax: Down."]);
        assert_eq!(together(Vec::new()), Err(NoAnswer::Unavailable));
    }
}
