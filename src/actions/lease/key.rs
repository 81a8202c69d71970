//! What is asked of etcd about one key and one lease of its own.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::etcd::Etcd;
use super::{record, wire};
use crate::core::event::ApiFailure;
use crate::core::lease::LeaseRecord;

/// A key as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its value.
    pub value: Vec<u8>,
    /// The revision of its last change: the token.
    pub revision: u64,
    /// etcd's lease it is bound to; 0: none, it stays for ever.
    pub lease: u64,
}

/// An answer about a key that a majority of the members stands behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The key, where there is one.
    pub found: Option<Found>,
    /// The term of the leader that confirmed it.
    pub term: u64,
    /// The member that answered.
    pub member: u64,
    /// Its cluster.
    pub cluster: u64,
}

/// A lease was renewed, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// What it has again, seconds; 0: there is no such lease.
    pub ttl: u64,
    /// The term the member was in before it passed the renewal on.
    pub term: u64,
}

/// What must hold for a change to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// There is no such key.
    Absent,
    /// Its last change is this one.
    Revision(u64),
}

/// What is written when that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change<'a> {
    /// A value that is gone with a lease; with lease 0 it stays.
    Put {
        /// The value.
        value: &'a [u8],
        /// etcd's lease.
        lease: u64,
    },
    /// The key is taken away.
    Delete,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// It was made, at this revision.
    Yes(u64),
    /// What was expected does not hold; the key as it is.
    No(Option<Found>),
}

impl Found {
    /// The value as a record.
    ///
    /// # Errors
    /// [`ApiFailure::Other`], with what to do: a value nobody understands is never free.
    pub fn record(&self, key: &str) -> Result<LeaseRecord, ApiFailure> {
        record::read(&self.value, self.revision).map_err(|why| {
            ApiFailure::Other(format!(
                "the value of {key} is no lease record ({why}); look at it with etcdctl get, and \
                 delete the key when no node of this producer signs"
            ))
        })
    }
}

impl Etcd {
    /// Reads the key; a majority confirms the answer.
    ///
    /// # Errors
    /// [`ApiFailure`].
    pub async fn read(&self, key: &str, end: Instant) -> Result<Reading, ApiFailure> {
        let answer = self.ask("/v3/kv/range", &range(key), end).await?;
        reading(&answer)
    }

    /// The same from one member alone, by its place among the endpoints.
    ///
    /// # Errors
    /// [`ApiFailure`].
    pub async fn read_at(&self, member: usize, key: &str) -> Result<Reading, ApiFailure> {
        let answer = self.ask_only(member, "/v3/kv/range", &range(key)).await?;
        reading(&answer)
    }

    /// How many members the cluster has.
    ///
    /// # Errors
    /// [`ApiFailure`].
    pub async fn members(&self, end: Instant) -> Result<usize, ApiFailure> {
        let answer = self.ask("/v3/cluster/member/list", &json!({}), end).await?;
        Ok(wire::part(&answer, "members")?.as_array().map_or(0, Vec::len))
    }

    /// Has etcd make a lease of `ttl` seconds and says its number.
    pub(super) async fn grant(&self, ttl: u64, end: Instant) -> Result<u64, ApiFailure> {
        let question = json!({ "TTL": ttl.to_string() });
        let answer = self.ask("/v3/lease/grant", &question, end).await?;
        let lease = wire::number(&answer, "ID")?;
        if lease == 0 || wire::number(&answer, "TTL")? < ttl {
            let text = "etcd granted no lease of the time it was asked for";
            return Err(ApiFailure::Other(text.to_owned()));
        }
        Ok(lease)
    }

    pub(super) async fn keepalive(
        &self,
        lease: u64,
        end: Instant,
    ) -> Result<Keepalive, ApiFailure> {
        let question = json!({ "ID": lease.to_string() });
        let answer = self.ask("/v3/lease/keepalive", &question, end).await?;
        let result = wire::part(&answer, "result")?;
        let term = wire::number(wire::part(result, "header")?, "raft_term")?;
        Ok(Keepalive { ttl: wire::number(result, "TTL")?, term })
    }

    /// Ends a lease, and with it a key that is bound to it.
    pub(super) async fn revoke(&self, lease: u64, end: Instant) -> Result<(), ApiFailure> {
        let question = json!({ "ID": lease.to_string() });
        self.ask("/v3/lease/revoke", &question, end).await.map(drop)
    }

    /// Makes a change if the key is as expected, in one step.
    pub(super) async fn change(
        &self,
        key: &str,
        expect: Expect,
        change: Change<'_>,
        end: Instant,
    ) -> Result<Changed, ApiFailure> {
        let name = wire::encode(key);
        let compare = match expect {
            Expect::Absent => json!({
                "key": name, "target": "CREATE", "result": "EQUAL", "create_revision": "0",
            }),
            Expect::Revision(revision) => json!({
                "key": name, "target": "MOD", "result": "EQUAL",
                "mod_revision": revision.to_string(),
            }),
        };
        let success = match change {
            Change::Put { value, lease } => json!({ "request_put": {
                "key": name, "value": wire::encode(value), "lease": lease.to_string(),
            }}),
            Change::Delete => json!({ "request_delete_range": { "key": name } }),
        };
        let failure = json!({ "request_range": { "key": name } });
        let question = json!({ "compare": [compare], "success": [success], "failure": [failure] });
        let answer = self.ask("/v3/kv/txn", &question, end).await?;
        if answer.get("succeeded").and_then(Value::as_bool) == Some(true) {
            let revision = wire::number(wire::part(&answer, "header")?, "revision")?;
            return Ok(Changed::Yes(revision));
        }
        let responses = wire::part(&answer, "responses")?;
        let range = wire::part(responses.get(0).unwrap_or(&Value::Null), "response_range")?;
        Ok(Changed::No(found(range)?))
    }
}

/// A question whose answer a majority confirms: etcd's default, said aloud.
fn range(key: &str) -> Value {
    json!({ "key": wire::encode(key), "serializable": false })
}

pub(super) fn reading(answer: &Value) -> Result<Reading, ApiFailure> {
    let header = wire::part(answer, "header")?;
    Ok(Reading {
        found: found(answer)?,
        term: wire::number(header, "raft_term")?,
        member: wire::number(header, "member_id")?,
        cluster: wire::number(header, "cluster_id")?,
    })
}

fn found(range: &Value) -> Result<Option<Found>, ApiFailure> {
    let Some(first) = range.get("kvs").and_then(|kvs| kvs.get(0)) else { return Ok(None) };
    let revision = wire::number(first, "mod_revision")?;
    if revision == 0 {
        let text = "etcd's answer has a key that was never written";
        return Err(ApiFailure::Other(text.to_owned()));
    }
    let lease = wire::number(first, "lease")?;
    Ok(Some(Found { value: wire::bytes(first, "value")?, revision, lease }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As etcd 3.4.23 answers.
    const HELD: &str = r#"{"header":{"cluster_id":"12419417797570985050","member_id":"1520713267247070721","revision":"9","raft_term":"2"},"kvs":[{"key":"aw==","create_revision":"2","mod_revision":"2","version":"1","value":"eyJob2xkZXIiOiJhIn0=","lease":"4468030416566934279"}],"count":"1"}"#;
    const FREE: &str = r#"{"header":{"cluster_id":"12419417797570985050","member_id":"1520713267247070721","revision":"1","raft_term":"2"}}"#;

    #[test]
    fn reads_a_key_and_that_there_is_none() {
        let held = reading(&serde_json::from_str(HELD).unwrap()).unwrap();
        let found = held.found.unwrap();
        assert_eq!((found.revision, found.lease, held.term), (2, 4_468_030_416_566_934_279, 2));
        assert_eq!(found.record("k").unwrap().holder, "a");
        let free = reading(&serde_json::from_str(FREE).unwrap()).unwrap();
        assert_eq!(free.found, None);
    }

    #[test]
    fn an_answer_that_is_none_of_etcds_is_not_free() {
        for odd in ["{}", r#"{"kvs":[]}"#, r#"{"header":{},"kvs":[{}]}"#] {
            assert!(reading(&serde_json::from_str(odd).unwrap()).is_err(), "{odd}");
        }
    }
}
