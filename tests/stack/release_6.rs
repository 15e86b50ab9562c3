//! Releases 6.x, whose containers speak TLS among themselves: the emulator runs their scripts and judges what they
//! find (`localstack/README.md`).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;

const PLAYED: [&str; 5] = ["core", "init-container", "mongodb-primary", "rabbitmq-stats", "ui"];

/// What was played last of each container.
fn played(account: &Account) -> BTreeMap<String, Value> {
    let listed = account.get("cloud-exchange");
    let listed = listed.as_array().expect("a list").iter();
    listed.map(|one| (text(&one["container"]).to_owned(), one.clone())).collect()
}

/// Every container of a deployment of 6.x was played, and found nothing wrong.
pub fn is_played_without_a_problem(account: &Account) {
    let played = played(account);
    assert_eq!(played.keys().collect::<Vec<_>>(), PLAYED);
    for (name, one) in &played {
        assert_eq!((&one["problem"], &one["exit_code"]), (&Value::Null, &0.into()), "{name}: {one}");
    }
    let files = &played["init-container"]["files"];
    assert_eq!(files["/files/rabbitmq-conf/rabbitmq_cert_key.key"], "1001:1001 0440");
    assert_eq!(files["/files/certificate/cloud-exchange-internal.crt"], "1001:1001 0444");
}

/// 6.1.0 under another number, with a mistake: what the container says is on the screen.
#[test]
fn an_error_in_a_release_file_shows_the_programs_message() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, "name = \"prod\"\nrelease = \"6.9.0\"\npackage = \"medium\"\n");
    let release = include_str!("../../src/release/catalogue/6.1.0.toml").replacen("\"6.1.0\"", "\"6.9.0\"", 1);
    let option = "\"--tlsCAFile\",\n    \"";
    let mistaken = release.replace(option, &format!("{option}/none"));
    assert_ne!(release, mistaken);
    std::fs::write(product.folder().join("release.toml"), mistaken).expect("the release can be written");
    let apply = ["apply", "FILE", "--yes", "--allow", "unsupported", "--catalog", "release.toml"];
    let failed = product.expect(3, &apply);
    assert!(failed.stderr.contains("InvalidSSLConfiguration"), "{}", failed.stderr);
    std::fs::write(product.folder().join("release.toml"), release).expect("the release can be written");
    product.expect(0, &apply);
}
