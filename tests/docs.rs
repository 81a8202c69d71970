#[allow(dead_code, reason = "each test file that uses the world uses another part of it")]
mod keeper_support;
#[path = "docs/sentences.rs"]
mod sentences;
pub fn serde_name(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}
#[test]
fn print() {
    for (k, v) in sentences::all() { println!("{k}"); for (g, s) in v { println!("   {g}: {s}"); } }
}
