//! Containers that others inject into each new task: they are shown, and do not count for health.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::drift::steps;
use crate::product::Product;
use crate::single_writer::{never_two, never_two_deployments};
use crate::upgrade::{deployed, is_well_at};

const AGENT: &str = "aws-guardduty-agent";

/// Every task from now on gets such containers.
fn inject(account: &Account, containers: &Value) {
    account.post("settings", &json!({ "ecs.inject": containers }));
}

/// One that runs for as long as its task, and one each of all that can go wrong with one.
fn all_sorts() -> Value {
    json!([
        { "name": AGENT, "behaviour": "cannot-pull" },
        { "name": "watcher", "behaviour": "run", "image": "vendor.example/watcher:1" },
        { "name": "ill", "behaviour": "unhealthy", "image": "vendor.example/ill:1" },
        { "name": "broken", "behaviour": "exit", "image": "vendor.example/broken:1" },
    ])
}

/// The injected containers of the running task, as `status` shows them: `name status`.
fn shown(product: &Product<'_>) -> Vec<String> {
    let status = product.expect(0, &["status", "FILE", "--output", "json"]).stdout;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["state"], "healthy", "{status}");
    let task = &status["service"]["tasks"][0];
    assert!(!task["containers"].to_string().contains(AGENT), "{task}");
    let injected = task["injected"].as_array().map(Vec::as_slice).unwrap_or_default().iter();
    let name = |container: &Value| text(&container["name"]).rsplit_once('-').map_or("", |(name, _)| name).to_owned();
    injected.map(|container| format!("{} {}", name(container), text(&container["status"]))).collect()
}

/// The exit codes of the one-shot tasks.
fn data_steps(account: &Account) -> Vec<Value> {
    let steps = account.get("one-shot-tasks");
    steps.as_array().expect("a list of steps").iter().map(|step| step["exit_code"].clone()).collect()
}

#[test]
fn an_unpullable_agent_is_a_warning() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    inject(&account, &json!([{ "name": AGENT }]));
    let ran = product.expect(0, &["apply", "FILE", "--yes"]);
    let warning = "warning: service/main: a container injected into the task has failed";
    assert_eq!(ran.stderr.matches(warning).count(), 1, "{}", ran.stderr);
    for words in ["aws-guardduty-agent: STOPPED: CannotPullContainerError", "hint: ", "`guardduty_agent = true`"] {
        assert!(ran.stderr.contains(words), "{words:?} is not in\n{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("!! "), "no diagnosis of a failure\n{}", ran.stderr);
    assert_eq!(shown(&product), [format!("{AGENT} STOPPED")]);
    let status = product.expect(0, &["status", "FILE"]).stdout;
    let line = status.lines().find(|line| line.contains(AGENT)).unwrap_or_default();
    assert!(line.contains("STOPPED CannotPull") && line.ends_with("(injected)"), "{status}");
    assert!(status.contains("`guardduty_agent = true`"), "{status}");
    product.expect(0, &["plan", "FILE", "--exit-code"]);

    product.edit("# guardduty_agent = false", "guardduty_agent = true");
    assert_eq!(steps(&product), ["update role/execution changed"]);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["stop", "FILE", "--yes"]);
    let ran = product.expect(0, &["start", "FILE", "--yes"]);
    assert!(!ran.stderr.contains("warning: service/main"), "{}", ran.stderr);
    assert_eq!(shown(&product), [format!("{AGENT} RUNNING")]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    never_two(&account);
}

#[test]
fn an_upgrade_ignores_injected_containers() {
    let account = Account::new(SCALE);
    inject(&account, &all_sorts());
    let product = deployed(&account, "4.2.0");
    let ran = product.expect(0, &["upgrade", "FILE", "--to", "5.0.0", "--yes"]);
    for words in ["aws-guardduty-agent: STOPPED", "UNHEALTHY", "exited with 1"] {
        assert!(ran.stderr.contains(words), "{words:?} is not in\n{}", ran.stderr);
    }
    is_well_at(&product, "5.0.0");
    let steps = data_steps(&account);
    assert!(!steps.is_empty() && steps.iter().all(|code| code == 0), "{steps:?}");
    assert_eq!(
        shown(&product),
        [&format!("{AGENT} STOPPED"), "watcher RUNNING", "ill RUNNING", "broken STOPPED"].map(String::from)
    );
    never_two(&account);
}

#[test]
fn an_upgrade_fails_only_by_its_own_containers() {
    let account = Account::new(SCALE);
    inject(&account, &all_sorts());
    let product = deployed(&account, "4.2.0");
    let before = data_steps(&account).len();
    account.post("images", &json!({ "*core5*#core": { "behaviour": "exit", "exit_code": 3 } }));
    let ran = product.expect(6, &["upgrade", "FILE", "--to", "5.0.0", "--yes", "--output", "json"]);
    let events = ran.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let diagnoses: Vec<Value> = events.filter(|event| event["code"] == "story").collect();
    assert!(!diagnoses.is_empty(), "{}", ran.stdout);
    for diagnosis in &diagnoses {
        let title = text(&diagnosis["title"]);
        assert!(title.contains("stopped: Essential container in task exited"), "{diagnosis}");
        let lines: Vec<&str> = diagnosis["lines"].as_array().expect("lines").iter().map(text).collect();
        assert!(
            lines[0..4].iter().any(|line| line.starts_with("core: STOPPED") && line.contains("exit code 3")),
            "{diagnosis}"
        );
        let (others, ours): (Vec<&str>, Vec<&str>) =
            lines.iter().partition(|line| line.ends_with("(put there by others)"));
        assert_eq!(others.len(), 4, "{diagnosis}");
        assert!(!ours.join(" ").contains(AGENT) && !ours.join(" ").contains("broken"), "{diagnosis}");
        assert!(!diagnosis["hints"].to_string().contains("Marketplace"), "{diagnosis}");
    }
    assert!(data_steps(&account).iter().skip(before).all(|code| code == 0), "the data steps did their work");
    is_well_at(&product, "4.2.0");
    never_two_deployments(&account);
}
