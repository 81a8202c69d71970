//! Several nodes behind one address: the document, the way to each, and what is about all.

use std::sync::{Arc, Mutex};

use eoskeeper::web::guard::Guard;
use eoskeeper::web::nodes::Node;
use eoskeeper::web::openapi::document_of;
use serde_json::Value;

use crate::asking::Server;
use crate::description::faults;
use crate::facts::{bare, beat, facts, full};
use crate::past::filled;

const NAMES: [&str; 2] = ["eos", "wax"];

#[tokio::test]
async fn what_is_about_one_node_asks_which_and_answers_as_for_one() {
    let (_dir, store) = filled(40);
    let (eos, _kept, pulse) = facts(full(), Some(Arc::clone(&store)));
    let (wax, _kept_too, _) = facts(bare(), None);
    beat(&pulse);
    let fault = Arc::new(Mutex::new(None));
    let node = |name: &str, facts, fault| Node { name: name.to_owned(), facts, fault };
    let nodes = vec![node("eos", eos, Arc::default()), node("wax", wax, Arc::clone(&fault))];
    let server = Server::of_nodes(nodes, Guard::default()).await;

    let document = server.get("/api/openapi.json").await.json();
    assert_eq!(document, document_of(&NAMES.map(str::to_owned)));
    let mut of_one = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let operation = &item["get"];
        let mut parameters = operation["parameters"].as_array().unwrap().iter();
        let Some(named) = parameters.find(|parameter| parameter["name"] == "node") else {
            continue;
        };
        of_one += 1;
        assert_eq!(named["required"], true, "{path}");
        let refused = server.get(path).await;
        assert_eq!(refused.status, 400, "{path}");
        assert!(operation["responses"].get("400").is_some(), "{path}");
        assert_eq!(faults("Error", &refused.json()), [""; 0], "{path}");
        let schema =
            &operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        let name = schema.as_str().unwrap().rsplit('/').next().unwrap();
        for address in [format!("{path}?node=eos"), format!("/node/eos{path}")] {
            let answer = server.get(&address).await;
            assert_eq!(answer.status, 200, "{address}: {answer:?}");
            assert_eq!(faults(name, &answer.json()), [""; 0], "{address}");
        }
        let unknown = server.get(&format!("{path}?node=EOS")).await;
        assert!(unknown.body.contains("eos, wax"), "{path}: {unknown:?}");
    }
    assert_eq!(of_one, 5);

    let list = server.get("/api/nodes").await.json();
    assert_eq!(faults("Nodes", &list), [""; 0], "{list}");
    let names: Vec<&Value> = list["nodes"].as_array().unwrap().iter().map(|n| &n["name"]).collect();
    assert_eq!(names, NAMES);
    for path in ["/healthz", "/readyz"] {
        let health = server.get(path).await;
        assert_eq!(faults("Health", &health.json()), [""; 0], "{path}");
        for name in NAMES {
            assert!(health.body.contains(&format!("\"{name}: ")), "{path}: {health:?}");
        }
    }
    let figures = server.get("/metrics").await.body;
    for name in NAMES {
        let line = format!("eoskeeper_judgement_age_seconds{{section=\"{name}\"}}");
        assert!(figures.contains(&line), "{line}: {figures}");
    }
    assert_eq!(figures.matches("# TYPE eoskeeper_judgement_age_seconds").count(), 1);
    let own = server.get("/node/wax/metrics").await.body;
    assert!(
        own.contains("\neoskeeper_judgement_age_seconds ") && !own.contains("section="),
        "{own}"
    );

    // A keeper that does not run is said everywhere.
    *fault.lock().unwrap() = Some("an address is taken".to_owned());
    assert_eq!(server.get("/healthz").await.status, 503);
    let list = server.get("/api/nodes").await.json();
    assert_eq!(list["nodes"][1]["fault"], "an address is taken");
    assert_eq!(list["nodes"][1]["healthy"], false);
    let page = server.get("/").await.body;
    assert!(
        page.contains("The keeper does not run") && page.contains("an address is taken"),
        "{page}"
    );
    assert_eq!(
        server.ask("POST", "/node/eos/api/status", &[("Host", "localhost")]).await.status,
        405
    );
}
