//! Whether the running task answers itself: the UI, core's version and the database's.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::database::{deployed, fill};
use crate::deploy::SCALE;
use crate::product::Product;

fn probed(product: &Product<'_>) -> (Value, Value) {
    let status = product.expect(0, &["status", "FILE", "--probe", "--output", "json"]).stdout;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    (status["probe"].clone(), status["state"].clone())
}

#[test]
fn what_answers_is_shown_and_what_cannot_be_asked_is_no_fault() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    let all = json!({
        "ui_status": 200, "core_version": "5.0.0", "database_version": "5.0.0", "migrated": true, "unknown": [],
    });
    assert_eq!(probed(&product), (all, json!("healthy")));
    let shown = product.expect(0, &["status", "FILE", "--probe"]).stdout;
    assert!(shown.contains("HTTP 200") && shown.contains("migrated"), "{shown}");
    let without: Value =
        serde_json::from_str(&product.expect(0, &["status", "FILE", "--output", "json"]).stdout).unwrap();
    assert_eq!(without.get("probe"), None);

    account.post("settings", &json!({ "cloud_exchange.ui_status": 502 }));
    fill(&account, 1);
    let older = json!({ "collections": { "settings": [{ "databaseVersion": "4.2.0" }] } });
    account.post("cloud-exchange-database", &older);
    let (found, state) = probed(&product);
    assert_eq!((&found["ui_status"], &found["migrated"], state), (&json!(502), &json!(false), json!("healthy")));

    account.post("settings", &json!({ "cloud_exchange.missing_tools": ["curl", "sed", "mongosh"] }));
    let (found, state) = probed(&product);
    let why: Vec<&str> = found["unknown"].as_array().expect("reasons").iter().map(text).collect();
    assert_eq!((why.len(), &found["migrated"], state), (3, &Value::Null, json!("healthy")), "{why:?}");
    assert!(why[0].starts_with("the UI: ") && why[0].contains("no curl"), "{why:?}");

    account.post("settings", &json!({ "ecs.exec_agent_stopped": true }));
    let (found, _) = probed(&product);
    assert!(text(&found["unknown"][0]).contains("agent of ECS Exec"), "{found}");
    product.expect(0, &["stop", "FILE", "--yes"]);
    let (found, state) = probed(&product);
    assert!(text(&found["unknown"][0]).contains("no task is running") && state == "stopped", "{found}");
}

#[test]
fn an_upgrade_says_what_its_new_task_answers_and_does_not_depend_on_it() {
    let account = Account::new(SCALE);
    let plan = "name = \"prod\"\nrelease = \"4.2.0\"\nregion = \"us-east-1\"\n[load_balancer]\nenabled = false\n";
    let product = Product::with_plan(&account, plan);
    let first = product.expect(0, &["apply", "FILE", "--yes", "--output", "json"]).stdout;
    assert!(!first.contains("\"probed\"") && first.contains("\"ui-asked\""), "only the UI is asked: {first}");
    account.post("settings", &json!({ "cloud_exchange.missing_tools": ["curl"], "cloud_exchange.migrates": false }));
    account
        .post("cloud-exchange-database", &json!({ "collections": { "settings": [{ "databaseVersion": "4.2.0" }] } }));
    let upgraded = product.expect(0, &["upgrade", "FILE", "--to", "5.0.0", "--yes", "--output", "json"]).stdout;
    let events: Vec<Value> = upgraded.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let probe = &events.iter().find(|event| event["code"] == "probed").expect("it was asked")["probe"];
    assert_eq!((&probe["core_version"], &probe["ui_status"]), (&json!("5.0.0"), &Value::Null), "{probe}");
    assert_eq!((&probe["database_version"], &probe["migrated"]), (&json!("4.2.0"), &json!(false)), "{probe}");
    account.post("settings", &json!({ "cloud_exchange.migrates": true }));
    product.expect(0, &["stop", "FILE", "--yes"]);
    product.expect(0, &["start", "FILE", "--yes"]);
    assert_eq!(probed(&product).0["migrated"], true);
}

#[test]
fn an_apply_that_starts_a_task_asks_the_ui_and_does_not_depend_on_it() {
    let account = Account::new(SCALE);
    let commands = || account.journal(0).iter().filter(|call| call["operation"] == "ExecuteCommand").count();
    let plan = "name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"us-east-1\"\n[load_balancer]\nenabled = false\n";
    let product = Product::with_plan(&account, plan);
    let apply = || product.expect(0, &["apply", "FILE", "--yes"]).stderr;
    let first = apply();
    assert!(first.contains("the UI answers (HTTP 200)"), "{first}");
    assert_eq!(commands(), 1);
    // Nothing was started.
    assert!(!apply().contains("the UI ") && commands() == 1);
    product.edit("[load_balancer]", "[tags]\nOwner = \"ops\"\n[load_balancer]");
    apply();
    assert_eq!(commands(), 1, "tags start no task");

    let new_task = |package: &str| {
        product.write_plan(&format!("package = \"{package}\"\n{plan}"));
        apply()
    };
    account.post("settings", &json!({ "cloud_exchange.ui_status": 502 }));
    let second = new_task("large");
    assert!(second.contains("the UI answers with HTTP 502") && second.contains("ce-aws logs"), "{second}");
    let deny = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "ecs:ExecuteCommand", "Resource": "*"},
    ]});
    account.post("settings", &json!({ "iam.caller_policy": deny }));
    let third = new_task("small");
    assert!(third.contains("the UI was not asked in its container: ") && third.contains("ExecuteCommand"), "{third}");
}
