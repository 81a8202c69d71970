//! From the socket to the node that is meant.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::core::command::{Command, CommandAnswer};
use crate::daemon::control::Request;

/// How long all nodes together may take to read the configuration anew; the socket gives up before.
const RELOAD_DEADLINE: Duration = Duration::from_secs(30);

/// The ways to the keepers of all nodes, by their names; closed while one does not run.
pub(super) struct Doors {
    names: Vec<String>,
    open: Mutex<Vec<Option<mpsc::Sender<Request>>>>,
}

/// An order that is given to nobody, and why.
#[derive(Debug)]
struct Refused {
    request: Request,
    why: String,
}

impl Doors {
    pub(super) fn new(names: Vec<String>) -> Self {
        let open = Mutex::new(vec![None; names.len()]);
        Self { names, open }
    }

    /// The node takes orders here.
    pub(super) fn open(&self, index: usize, orders: mpsc::Sender<Request>) {
        self.set(index, Some(orders));
    }

    /// The node takes none.
    pub(super) fn close(&self, index: usize) {
        self.set(index, None);
    }

    fn set(&self, index: usize, orders: Option<mpsc::Sender<Request>>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = open.get_mut(index) {
            *place = orders;
        }
    }

    fn to(&self, index: usize) -> Option<mpsc::Sender<Request>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(index).cloned().flatten()
    }

    /// Passes orders on until nobody gives any.
    pub(super) async fn pass_on(self: Arc<Self>, mut orders: mpsc::Receiver<Request>) {
        while let Some(request) = orders.recv().await {
            if request.command == Command::Reload && request.node.is_none() {
                tokio::spawn(Arc::clone(&self).reload_all(request));
                continue;
            }
            if let Err(refused) = self.pass(request) {
                let Refused { request, why } = *refused;
                let _ = request.reply.send(no(why));
            }
        }
    }

    /// Gives an order to the node it names; else says why not.
    fn pass(&self, request: Request) -> Result<(), Box<Refused>> {
        let refuse = |request, why| Err(Box::new(Refused { request, why }));
        let names = self.names.join(", ");
        let index = match (&request.node, &self.names[..]) {
            (None, [_]) => 0,
            (None, _) => {
                let why = format!(
                    "This keeper has several nodes: {names}. Name one with --node NAME; nothing \
                     was done."
                );
                return refuse(request, why);
            }
            (Some(name), all) => match all.iter().position(|known| known == name) {
                Some(index) => index,
                None => {
                    let why = format!("There is no [node:{name}]; the nodes are {names}.");
                    return refuse(request, why);
                }
            },
        };
        let name = &self.names[index];
        let Some(orders) = self.to(index) else {
            let why = format!(
                "The keeper of [node:{name}] does not run just now, its log says why; nothing was \
                 done."
            );
            return refuse(request, why);
        };
        orders.try_send(request).or_else(|error| {
            let why = format!("The keeper of [node:{name}] has too much to answer; try again.");
            refuse(error.into_inner(), why)
        })
    }

    /// Every node reads the file anew; one answer of all.
    async fn reload_all(self: Arc<Self>, request: Request) {
        let Request { command, uid, reply, .. } = request;
        let mut asked = Vec::new();
        for name in &self.names {
            let (own, answer) = oneshot::channel();
            let node = Some(name.clone());
            let request = Request { command: command.clone(), node, uid, reply: own };
            let refused = self.pass(request).err().map(|refused| refused.why);
            asked.push((name, answer, refused));
        }
        let mut all = CommandAnswer { accepted: true, sentences: Vec::new() };
        for (name, answer, refused) in asked {
            let said = match refused {
                Some(why) => no(why),
                None => match timeout(RELOAD_DEADLINE, answer).await {
                    Ok(Ok(said)) => said,
                    _ => no("It did not answer; its log says what it did.".to_owned()),
                },
            };
            all.accepted &= said.accepted;
            all.sentences.extend(said.sentences.into_iter().map(|s| format!("{name}: {s}")));
        }
        let _ = reply.send(all);
    }
}

fn no(why: String) -> CommandAnswer {
    CommandAnswer { accepted: false, sentences: vec![why] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(node: Option<&str>) -> (Request, oneshot::Receiver<CommandAnswer>) {
        let (reply, answer) = oneshot::channel();
        let node = node.map(str::to_owned);
        (Request { command: Command::Rearm, node, uid: 0, reply }, answer)
    }

    #[tokio::test]
    async fn an_order_goes_to_the_node_it_names_and_to_no_other() {
        let doors = Doors::new(vec!["eos".into(), "wax".into(), "telos".into()]);
        let (eos, mut at_eos) = mpsc::channel(1);
        let (wax, mut at_wax) = mpsc::channel(1);
        doors.open(0, eos);
        doors.open(1, wax);
        assert!(doors.pass(request(Some("wax")).0).is_ok());
        assert!(at_wax.try_recv().is_ok() && at_eos.try_recv().is_err());
        for (node, words) in [
            (None, "several nodes: eos, wax, telos. Name one with --node NAME"),
            (Some("EOS"), "There is no [node:EOS]; the nodes are eos, wax, telos."),
            (Some("telos"), "[node:telos] does not run just now"),
        ] {
            let why = doors.pass(request(node).0).unwrap_err().why;
            assert!(why.contains(words), "{why}");
        }
        assert!(doors.pass(request(Some("wax")).0).is_ok());
        let why = doors.pass(request(Some("wax")).0).unwrap_err().why;
        assert!(why.contains("too much to answer"), "{why}");
        doors.close(0);
        assert!(doors.pass(request(Some("eos")).0).is_err());
    }

    #[tokio::test]
    async fn all_nodes_read_the_file_and_one_refusal_is_one_of_all() {
        let doors = Arc::new(Doors::new(vec!["eos".into(), "wax".into()]));
        for (index, accepted) in [(0, true), (1, false)] {
            let (orders, mut inbox) = mpsc::channel::<Request>(1);
            doors.open(index, orders);
            tokio::spawn(async move {
                let request = inbox.recv().await.unwrap();
                let sentences = vec!["Said.".to_owned()];
                request.reply.send(CommandAnswer { accepted, sentences }).unwrap();
            });
        }
        let (reply, answer) = oneshot::channel();
        let request = Request { command: Command::Reload, node: None, uid: 0, reply };
        doors.reload_all(request).await;
        let answer = answer.await.unwrap();
        assert!(!answer.accepted);
        assert_eq!(answer.sentences, ["eos: Said.", "wax: Said."]);
    }
}
