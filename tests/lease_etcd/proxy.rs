//! Answers that are lost on the way: a proxy before a member cuts the connection once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use eoskeeper::core::action::ActResult;
use reqwest::Url;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::cluster::Cluster;
use crate::keeper::{Keeper, TIMES, handover};

/// What happens to the next change.
#[derive(Clone, Copy, PartialEq)]
enum Loss {
    /// etcd makes it; its answer is lost.
    Answer,
    /// It never reaches etcd.
    Question,
}

struct Proxy {
    url: Url,
    armed: Arc<AtomicBool>,
}

impl Proxy {
    async fn start(target: &Url, loss: Loss) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let target = format!("127.0.0.1:{}", target.port().unwrap());
        let armed = Arc::new(AtomicBool::new(false));
        let cuts = Arc::clone(&armed);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let etcd = TcpStream::connect(&target).await.unwrap();
                tokio::spawn(carry(client, etcd, Arc::clone(&cuts), loss));
            }
        });
        Self { url, armed }
    }

    /// The next change is lost.
    fn arm(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }
}

/// Carries bytes both ways. A client's question is short and comes in one piece on loopback.
async fn carry(mut client: TcpStream, mut etcd: TcpStream, armed: Arc<AtomicBool>, loss: Loss) {
    let (mut question, mut answer) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let mut is_cut = false;
    loop {
        tokio::select! {
            read = client.read(&mut question) => {
                let Ok(count @ 1..) = read else { return };
                let is_change = String::from_utf8_lossy(&question[..count]).contains("/v3/kv/txn");
                is_cut |= is_change && armed.swap(false, Ordering::SeqCst);
                if is_cut && loss == Loss::Question {
                    return;
                }
                etcd.write_all(&question[..count]).await.unwrap();
            }
            read = etcd.read(&mut answer) => {
                let Ok(count @ 1..) = read else { return };
                if is_cut || client.write_all(&answer[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn behind(loss: Loss) -> (Cluster, Proxy, Keeper) {
    let cluster = Cluster::up();
    let proxy = Proxy::start(&cluster.endpoints[0], loss).await;
    let mut keeper = Keeper::new("a", std::slice::from_ref(&proxy.url));
    keeper.read("a free key", Option::is_none).await;
    (cluster, proxy, keeper)
}

#[tokio::test]
async fn an_acquisition_whose_answer_was_lost_is_found_out() {
    let (_cluster, proxy, mut a) = behind(Loss::Answer).await;
    proxy.arm();
    let token = a.take().await;
    assert!(!proxy.armed.load(Ordering::SeqCst), "nothing was lost");
    assert_eq!(a.held_since(a.now() + TIMES.ttl_ms).await, token);
}

#[tokio::test]
async fn an_acquisition_that_was_lost_is_refused_and_can_be_repeated() {
    let (_cluster, proxy, mut a) = behind(Loss::Question).await;
    proxy.arm();
    let refused = a.acquire().await;
    let expected = "the lease was free, and taking it did not succeed";
    assert_eq!(refused, ActResult::Refused(expected.to_owned()));
    a.take().await;
}

#[tokio::test]
async fn a_release_whose_answer_was_lost_is_found_out() {
    for given in [Some(handover("a")), None] {
        let (cluster, proxy, mut a) = behind(Loss::Answer).await;
        a.take().await;
        proxy.arm();
        let released = a.release(given.clone()).await;
        assert_eq!(released, ActResult::Done("the lease is free".to_owned()));
        assert!(!proxy.armed.load(Ordering::SeqCst), "nothing was lost");
        let mut b = Keeper::new("b", &cluster.endpoints);
        let record = b.read("a reading", |_| true).await;
        assert_eq!(record.and_then(|record| record.released), given);
    }
}
