//! What an upgrade refuses or announces before it begins; stop and start.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::{Product, Ran};
use crate::single_writer::never_two;
use crate::upgrade::{deployed, is_well_at, plan_file, status};

fn says(ran: &Ran, words: &[&str]) {
    let said = format!("{}{}", ran.stdout, ran.stderr);
    for words in words {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
}

/// Refused with these words, and nothing was changed.
fn refuses(product: &Product<'_>, arguments: &[&str], words: &[&str]) {
    let before = product.account.journal(0).len();
    says(&product.expect(5, arguments), words);
    // A question to the broker goes through a call that counts as a change; it changes nothing.
    let changes = product.account.mutations(before);
    assert!(changes.iter().all(|call| call == "ecs ExecuteCommand"), "{arguments:?}: {changes:?}");
}

/// Writes or removes the tag that records the open operation.
fn set_intent(account: &Account, value: Option<&str>) {
    let call = match value {
        Some(value) => {
            format!(r#"ecs.tag_resource(resourceArn=arn, tags=[dict(key="ce-aws:intent", value="{value}")])"#)
        }
        None => r#"ecs.untag_resource(resourceArn=arn, tagKeys=["ce-aws:intent"])"#.to_owned(),
    };
    account.by_hand(&format!(
        r#"
arn = ecs.describe_services(cluster="ce-prod", services=["ce-prod"])["services"][0]["serviceArn"]
{call}
"#
    ));
}

/// Runs a task that mounts a volume of the deployment: a copy of the running revision under another family, or itself.
fn run_task(account: &Account, family: Option<&str>) {
    let family = family.unwrap_or_default();
    account.by_hand(&format!(
        r#"
[service] = ecs.describe_services(cluster="ce-prod", services=["ce-prod"])["services"]
definition = service["taskDefinition"]
if "{family}":
    old = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    keys = ["networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn", "taskRoleArn", "volumes"]
    container = old["containerDefinitions"][0] | dict(dependsOn=[], essential=True)
    new = ecs.register_task_definition(
        family="{family}", containerDefinitions=[container], **{{key: old[key] for key in keys if key in old}})
    definition = new["taskDefinition"]["taskDefinitionArn"]
ecs.run_task(cluster="ce-prod", taskDefinition=definition, launchType="FARGATE",
    networkConfiguration=service["networkConfiguration"])
"#
    ));
    account.post("clock", &json!({ "advance": 120 }));
}

const TO_501: [&str; 6] = ["upgrade", "FILE", "--to", "5.0.1", "--allow", "unsupported"];

#[test]
fn a_disallowed_step_changes_nothing() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "5.0.0");
    let way_out = "`ce-aws upgrade FILE --to 6.1.0 --allow unsupported`";
    says(&product.expect(0, &["status", "FILE"]), &["release     5.0.0, support ended 2026-01-31", way_out]);
    let upgrade = |release: &'static str| ["upgrade", "FILE", "--to", release, "--yes"];
    refuses(&product, &upgrade("4.2.0"), &["upgrade/no-way", "4.2.0"]);
    refuses(&product, &upgrade("5.0.1"), &["release/unsupported", "--allow unsupported"]);
    // Also where only a later step needs the consent.
    refuses(&product, &upgrade("5.1.0"), &["release/unsupported", "5.1.0"]);
    refuses(&product, &upgrade("6.1.0"), &["release/unsupported", "6.1.0"]);
    product.expect(64, &upgrade("9.9.9"));

    // The tag by hand: whatever it says, nothing makes it worse.
    let open = "upgrade id=1a2b3c4d from=4.2.0 revision=1 to=5.0.0 count=1 backup=yes at=stop";
    for (value, words) in
        [(open, "an upgrade from 4.2.0 to 5.0.0 is not finished"), ("gone fishing", "is not one of this version")]
    {
        set_intent(&account, Some(value));
        for command in [["plan", "FILE"].as_slice(), &["apply", "FILE", "--yes"], &["start", "FILE", "--yes"]] {
            refuses(&product, command, &["upgrade/open", words]);
        }
        refuses(&product, &[TO_501.as_slice(), &["--yes"]].concat(), &["upgrade/open", words]);
    }
    refuses(&product, &["upgrade", "FILE", "--resume", "--yes"], &["upgrade/open", "cannot be read"]);
    set_intent(&account, None);
    refuses(&product, &["upgrade", "FILE", "--resume", "--yes"], &["upgrade/none-open"]);

    account.by_hand("client('backup').update_region_settings(ResourceTypeOptInPreference={'EFS': False})");
    refuses(&product, &[TO_501.as_slice(), &["--yes"]].concat(), &["backup/not-opted-in"]);
    account.by_hand("client('backup').update_region_settings(ResourceTypeOptInPreference={'EFS': True})");

    run_task(&account, Some("somebodys"));
    refuses(&product, &[TO_501.as_slice(), &["--yes"]].concat(), &["upgrade/foreign-writer", "mounts its file system"]);
}

#[test]
fn consent_in_the_plan_file_counts_and_end_of_support_is_shown() {
    let account = Account::new(SCALE);
    let text = "name = \"prod\"\nrelease = \"5.0.1\"\n";
    let plan = ["plan", "FILE"];
    refuses(&Product::with_plan(&account, text), &plan, &["release/unsupported", "allow = \"unsupported\""]);
    let product = Product::with_plan(&account, &format!("{text}allow = \"unsupported\"\n"));
    let planned = product.expect(0, &plan);
    let reported =
        ["release 5.0.1 (unsupported), support ended 2026-01-31", "release/end-of-life", "`release = \"6.1.0\"`"];
    says(&planned, &reported);
    assert!(!planned.stdout.contains("release/unsupported"), "{planned:?}");
    let found = product.expect(0, &["doctor", "FILE"]);
    says(&found, &reported);
}

#[test]
fn a_package_too_small_is_refused_before_the_first_step() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(
        &account,
        "name = \"prod\"\nrelease = \"5.0.0\"\npackage = \"extra-small\"\n[load_balancer]\nenabled = false\n",
    );
    product.expect(0, &["apply", "FILE", "--yes"]);
    let to = ["upgrade", "FILE", "--to", "5.1.0", "--allow", "unsupported", "--yes"];
    let before = account.journal(0).len();
    says(&product.expect(64, &to), &["plan-file/package-too-small", "medium"]);
    assert_eq!(account.mutations(before), [""; 0]);
    // With consent, what is only unsupported goes.
    product.expect(0, &[TO_501.as_slice(), &["--yes"]].concat());
    is_consented(&product, "5.0.1");
    never_two(&account);
}

/// Well, at a release that needs consent in every plan.
fn is_consented(product: &Product<'_>, release: &str) {
    assert_eq!(status(product), ("healthy".to_owned(), release.to_owned()));
    product.expect(0, &["plan", "FILE", "--exit-code", "--allow", "unsupported"]);
}

#[test]
fn an_unhealthy_deployment_is_not_upgraded() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "5.0.0");
    account.post("images", &json!({ "*core5*#core": { "behaviour": "unhealthy" } }));
    account.post("clock", &json!({ "advance": 600 }));
    refuses(&product, &[TO_501.as_slice(), &["--yes"]].concat(), &["upgrade/not-steady", "nothing to roll back to"]);
}

#[test]
fn a_stopped_deployment_stays_stopped() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "5.0.0");
    // Somebody's second task of our own family: the fence finds it.
    account.delete("tasks/history");
    let stopped = product.expect(0, &["stop", "FILE", "--yes"]);
    says(&stopped, &["every task must be confirmed stopped"]);
    assert_eq!(status(&product).0, "stopped");
    let planned = product.expect(0, &["plan", "FILE", "--exit-code"]);
    says(&planned, &["stopped by request"]);
    let before = account.journal(0).len();
    product.expect(0, &["stop", "FILE", "--yes"]);
    assert_eq!(account.mutations(before), [""; 0]);
    refuses(&product, &[TO_501.as_slice(), &["--yes"]].concat(), &["upgrade/stopped", "ce-aws start"]);

    // Everything else is applied, and nothing starts.
    product.edit("# debug = false", "debug = true");
    product.edit("#+ Owner = ", "Owner = ");
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(status(&product).0, "stopped");
    says(&product.expect(0, &["plan", "FILE", "--exit-code"]), &["stopped by request"]);
    let desired =
        "print(ecs.describe_services(cluster='ce-prod', services=['ce-prod'])['services'][0]['desiredCount'])";
    assert_eq!(account.by_hand(desired), "0");

    says(&product.expect(0, &["start", "FILE", "--yes"]), &["it has to stay healthy for 60 s"]);
    is_well_at(&product, "5.0.0");
    let before = account.journal(0).len();
    product.expect(0, &["start", "FILE", "--yes"]);
    assert_eq!(account.mutations(before), [""; 0]);
    never_two(&account);

    // A task that somebody has started by hand in our own family is found by the fence as well.
    run_task(&account, None);
    product.expect(0, &["stop", "FILE", "--yes"]);
    let history = account.get("tasks/history");
    let states = history.as_array().expect("states");
    let last =
        |task: &str| states.iter().rev().find(|change| change["task"] == task).map(|change| text(&change["state"]));
    let tasks: std::collections::BTreeSet<&str> = states.iter().map(|change| text(&change["task"])).collect();
    assert!(tasks.len() >= 3, "{tasks:?}");
    assert!(tasks.iter().all(|task| last(task) == Some("STOPPED")), "{history}");
}

#[test]
fn queued_messages_are_reported_before_they_can_be_lost() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "5.0.0");
    let two = "[\n{\"name\":\"tasks\",\"messages\":41}\n,{\"name\":\"logs\",\"messages\":1}\n]\n";
    account.post("exec", &json!({ "contains": "list_queues", "output": two }));
    refuses(&product, &TO_501, &["upgrade/queues", "42 messages", "tasks 41", "unconfirmed"]);
    let json = |product: &Product<'_>, more: &[&str]| {
        let ran = product.run(&[TO_501.as_slice(), &["--output", "json"], more].concat());
        let lines = ran.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        (ran.code, lines.into_iter().find(|line| line["code"] == "queues").expect("the queues"))
    };
    let (code, queues) = json(&product, &[]);
    assert_eq!((code, &queues["messages"]), (5, &json!(42)), "{queues}");

    account.post("settings", &json!({ "ecs.exec_agent_stopped": true }));
    refuses(&product, &TO_501, &["upgrade/queues", "could not check"]);
    let file = plan_file(&product);
    let (code, queues) = json(&product, &["--yes"]);
    assert_eq!((code, queues["messages"].is_null(), queues["not_checked"].is_string()), (0, true, true), "{queues}");
    assert_eq!(plan_file(&product), file.replace("'5.0.0'", "'5.0.1'"));
    is_consented(&product, "5.0.1");
}
