//! `[alarms]`: planned, repaired and removed like everything else, and each alarm goes off when its cause is there and
//! is over when that ends. A queue that the test subscribes gets the messages.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::drift::steps;
use crate::product::Product;

const PLAN: &str = r#"name = "prod"
release = "5.0.0"

[alarms]
enabled = true
email = ["ops@example.com"]
https = ["https://localhost:1/notices"]
"#;

const WITHOUT: &str = "name = \"prod\"\nrelease = \"5.0.0\"\n";

/// Everything of the deployment that tells somebody, by service.
fn watching(account: &Account) -> Value {
    let read = account.read();
    json!([read["cloudwatch"], read["sns"], read["events"]])
}

fn nothing() -> Value {
    json!([{ "alarms": [], "dashboards": [] }, { "topics": [] }, { "rules": [] }])
}

fn log_groups(account: &Account) -> Vec<String> {
    let read = account.read();
    let groups = read["logs"]["log_groups"].as_array().into_iter().flatten();
    groups.map(|group| text(&group["logGroupName"]).to_owned()).collect()
}

/// The states of the alarms by purpose.
fn states(account: &Account) -> BTreeMap<String, String> {
    let printed = account.by_hand(
        r#"
import json
alarms = client("cloudwatch").describe_alarms()["MetricAlarms"]
print(json.dumps({one["AlarmName"].split("/")[-1]: one["StateValue"] for one in alarms}))
"#,
    );
    serde_json::from_str(&printed).expect("states by purpose")
}

/// Makes a queue and subscribes it.
fn subscribe(account: &Account) {
    account.by_hand(
        r#"
sqs, sns = client("sqs"), client("sns")
queue = sqs.create_queue(QueueName="told")["QueueUrl"]
arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
topic = sns.list_topics()["Topics"][0]["TopicArn"]
sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
"#,
    );
}

/// The messages that have come to the queue since the last time: of alarms `purpose state`, of others their text.
fn told(account: &Account) -> Vec<String> {
    let printed = account.by_hand(
        r#"
import json, time
sqs = client("sqs")
queue = sqs.get_queue_url(QueueName="told")["QueueUrl"]
found, empty = [], 0
while empty < 2:
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
    empty = 0 if messages else empty + 1
    for message in messages:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        body = message["Body"]
        if body.startswith("{"):
            alarm = json.loads(body)
            body = alarm["AlarmName"].split("/")[-1] + " " + alarm["NewStateValue"]
        found.append(body)
print(json.dumps(sorted(found)))
"#,
    );
    serde_json::from_str(&printed).expect("a list of messages")
}

fn advance(account: &Account, seconds: u32) {
    account.post("clock", &json!({ "advance": seconds }));
}

#[test]
fn they_are_planned_repaired_and_removed() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, WITHOUT);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let before = (account.read()["iam"].clone(), log_groups(&account));
    assert_eq!(watching(&account), nothing());

    product.write_plan(PLAN);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    let all = watching(&account);
    let [watched, topics, rules] = [&all[0], &all[1], &all[2]];
    assert_eq!(watched["dashboards"].as_array().map(Vec::len), Some(1), "{watched}");
    assert_eq!(watched["alarms"].as_array().map(Vec::len), Some(8), "{watched}");
    assert_eq!(rules["rules"].as_array().map(Vec::len), Some(4), "{rules}");
    assert_eq!(topics["topics"][0]["Subscriptions"].as_array().map(Vec::len), Some(2), "{topics}");
    assert!(log_groups(&account).contains(&"/ce-aws/prod/alarms".to_owned()));

    account.by_hand(
        r#"
cloudwatch, sns, events = client("cloudwatch"), client("sns"), client("events")
cloudwatch.disable_alarm_actions(AlarmNames=["ce-aws/prod/memory"])
cloudwatch.delete_alarms(AlarmNames=["ce-aws/prod/cpu"])
topic = sns.list_topics()["Topics"][0]["TopicArn"]
sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish",'
    '"Resource": "*"}]}')
events.disable_rule(Name="ce-prod_task-stopped")
events.remove_targets(Rule="ce-prod_backup-failed", Ids=["topic-0"])
"#,
    );
    assert_eq!(
        steps(&product),
        [
            "create alarm/cpu missing",
            "update alarm/memory drifted",
            "update event-rule/backup-failed drifted",
            "update event-rule/task-stopped drifted",
            "update topic/main drifted",
        ]
    );
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);

    // Nobody can unsubscribe who has not confirmed; AWS drops such a subscription by itself.
    product.edit("email = [\"ops@example.com\"]\n", "");
    assert_eq!(steps(&product), [""; 0]);
    product.write_plan(PLAN);
    account.post("subscriptions", &json!({ "confirm": "ops@example.com" }));
    assert_eq!(steps(&product), [""; 0]);
    product.edit("email = [\"ops@example.com\"]\n", "");
    let unsubscribed = steps(&product);
    assert!(unsubscribed.len() == 1 && unsubscribed[0].starts_with("delete subscription/email-"), "{unsubscribed:?}");

    product.write_plan(WITHOUT);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    assert_eq!(watching(&account), nothing());
    assert_eq!((account.read()["iam"].clone(), log_groups(&account)), before);
}

#[test]
fn a_destroy_without_the_plan_file_leaves_none() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, PLAN);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    product.expect(0, &["destroy", "--name", "prod", "--yes", "--unprotect", "--delete-data"]);
    assert_eq!(watching(&account), nothing());
    assert_eq!(log_groups(&account), [""; 0]);
}

/// Makes a cause, insists that only this alarm goes off, and ends it.
fn goes_off(account: &Account, purpose: &str, seconds: u32, cause: impl Fn(&Account), end: impl Fn(&Account)) {
    cause(account);
    advance(account, seconds);
    let state = |account: &Account| states(account).remove(purpose).expect("there is such an alarm");
    assert_eq!(state(account), "ALARM", "{purpose}");
    end(account);
    advance(account, seconds);
    assert_eq!(state(account), "OK", "{purpose}");
    let told = told(account);
    for state in ["ALARM", "OK"] {
        assert!(told.contains(&format!("{purpose} {state}")), "{purpose}: {told:?}");
    }
}

fn set(name: &'static str, value: u32) -> impl Fn(&Account) {
    move |account| drop(account.post("settings", &json!({ name: value })))
}

#[test]
fn each_goes_off_with_its_cause_and_is_over_with_it() {
    let account = Account::new(SCALE);
    let product =
        Product::with_plan(&account, &PLAN.replace("[alarms]", "[storage]\nthroughput = \"bursting\"\n\n[alarms]"));
    product.expect(0, &["apply", "FILE", "--yes"]);
    subscribe(&account);
    advance(&account, 2400);
    assert!(states(&account).values().all(|state| state == "OK"), "{:?}", states(&account));
    told(&account);

    goes_off(&account, "cpu", 4200, set("ecs.cpu", 97), set("ecs.cpu", 20));
    goes_off(&account, "memory", 1500, set("ecs.memory", 97), set("ecs.memory", 40));
    goes_off(&account, "silence", 2400, set("logs.lines", 0), set("logs.lines", 6));
    goes_off(&account, "file-system-io", 1500, set("efs.percent_io_limit", 99), set("efs.percent_io_limit", 5));
    goes_off(&account, "server-errors", 900, set("elb.target_5xx", 30), set("elb.target_5xx", 0));
    let credits =
        |left: f64| move |account: &Account| drop(account.post("settings", &json!({ "efs.burst_credits": left })));
    goes_off(&account, "burst-credits", 1500, credits(1e6), credits(2.1e12));
    let images =
        |behaviour: Value| move |account: &Account| drop(account.post("images", &json!({ "*ui5*": behaviour })));
    goes_off(
        &account,
        "unhealthy-target",
        3600,
        images(json!({ "behaviour": "unhealthy" })),
        images(json!({ "behaviour": "run" })),
    );
    let killed = |account: &Account| {
        account.post("images", &json!({ "*ui5*": { "behaviour": "missing" } }));
        account.by_hand(
            r#"
for task in ecs.list_tasks(cluster="ce-prod")["taskArns"]:
    ecs.stop_task(cluster="ce-prod", task=task)
"#,
        );
    };
    goes_off(&account, "no-task", 3600, killed, images(json!({ "behaviour": "run" })));
    advance(&account, 3600);
    set("backup.fail_next", 1)(&account);
    let went_off = (0..60).any(|_| {
        advance(&account, 1800);
        states(&account)["backup-failed"] == "ALARM"
    });
    assert!(went_off, "a daily backup has failed");
    goes_off(&account, "backup-failed", 0, |_| (), |account| advance(account, 7200));
}

#[test]
fn a_stop_on_purpose_tells_nobody_and_a_crash_does() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, PLAN);
    product.expect(0, &["apply", "FILE", "--yes"]);
    subscribe(&account);
    advance(&account, 2400);
    told(&account);
    product.expect(0, &["stop", "FILE", "--yes"]);
    advance(&account, 7200);
    assert!(states(&account).values().all(|state| state == "OK"), "{:?}", states(&account));
    product.expect(0, &["start", "FILE", "--yes"]);
    assert_eq!(told(&account), [""; 0]);
    let retired = account.post("task-retirement", &json!({ "days": 7 }));
    assert_eq!(retired, json!(["ce-prod|ce-prod"]));
    let told_of = told(&account);
    let line = "Cloud Exchange prod: AWS replaces the task for maintenance, from ";
    assert!(told_of.len() == 1 && told_of[0].starts_with(line) && told_of[0].contains(" GMT on; "), "{told_of:?}");
    let exits = json!({ "*ui5*": { "behaviour": "exit", "exit_code": 1, "after": 10, "log": ["no"] } });
    account.post("images", &exits);
    advance(&account, 300);
    let told = told(&account);
    let line =
        "Cloud Exchange prod: a task has stopped: Essential container in task exited (EssentialContainerExited), ";
    assert!(told.iter().any(|told| told.starts_with(line)), "{told:?}");
}

#[test]
fn each_can_be_tried_and_a_run_tells_what_it_does() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, PLAN);
    // The topic does not exist when the first run begins.
    let ran = product.expect(0, &["apply", "FILE", "--yes", "--notify"]);
    assert!(!ran.stderr.contains("notice/not-sent"), "{}", ran.stderr);
    subscribe(&account);
    advance(&account, 2400);
    told(&account);
    let status = || -> Value {
        let said = product.expect(0, &["status", "FILE", "--output", "json"]).stdout;
        serde_json::from_str(&said).expect("JSON")
    };
    assert_eq!(status()["unconfirmed"].as_array().map(Vec::len), Some(2));
    assert_eq!(status()["alarms"], Value::Null);

    account.post("clock", &json!({ "paused": true }));
    let tried = product.expect(0, &["alarms", "test", "FILE", "--output", "json"]).stdout;
    let tried: Value = serde_json::from_str(&tried).expect("JSON");
    let all: Vec<String> = states(&account).into_keys().collect();
    assert_eq!((tried["alarms"].as_array().map(Vec::len), all.len()), (Some(8), 8));
    assert_eq!(status()["alarms"].as_array().map(Vec::len), Some(8));
    account.post("clock", &json!({ "paused": false }));
    advance(&account, 600);
    let mut expected: Vec<String> =
        all.iter().flat_map(|purpose| ["ALARM", "OK"].map(|state| format!("{purpose} {state}"))).collect();
    expected.sort();
    assert_eq!(told(&account), expected);

    product.expect(0, &["apply", "FILE", "--yes", "--notify"]);
    let said = told(&account);
    assert_eq!(said.len(), 2, "{said:?}");
    for word in [" started.", " succeeded."] {
        assert!(said.iter().any(|said| said.starts_with("apply ") && said.contains(word)), "{said:?}");
    }
    product.write_plan(WITHOUT);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let ran = product.expect(0, &["stop", "FILE", "--yes", "--notify"]);
    assert!(ran.stderr.contains("notice/not-sent"), "{}", ran.stderr);
    assert_eq!(product.run(&["alarms", "test", "FILE"]).code, 5);
}

/// The codes of a plan's findings.
fn findings(product: &Product<'_>) -> Vec<String> {
    let plan = product.run(&["plan", "FILE", "--output", "json"]).stdout;
    let plan: Value = serde_json::from_str(&plan).expect("JSON");
    let all = plan["findings"].as_array().into_iter().flatten();
    all.map(|finding| text(&finding["code"]).to_owned()).filter(|code| code.starts_with("topic")).collect()
}

#[test]
fn a_topic_of_the_users_is_checked_told_and_left_alone() {
    let account = Account::new(SCALE);
    let arn = account.by_hand(r#"print(client("sns").create_topic(Name="operations")["TopicArn"])"#);
    let plan = format!("{WITHOUT}\n[alarms]\nenabled = true\ntopic = \"{arn}\"\n");
    let product = Product::with_plan(&account, &plan.replace("operations", "missing"));
    assert_eq!(findings(&product), ["topic/not-found"]);
    product.write_plan(&plan);
    let policy = |service: &str| {
        account.by_hand(&format!(
            r#"
import json
statement = {{"Effect": "Allow", "Principal": {{"Service": {service}}}, "Action": "sns:Publish", "Resource": "*"}}
client("sns").set_topic_attributes(TopicArn="{arn}", AttributeName="Policy", AttributeValue=
    json.dumps({{"Version": "2012-10-17", "Statement": [statement]}}))
"#
        ));
    };
    policy(r#"["cloudwatch.amazonaws.com"]"#);
    assert_eq!(findings(&product), ["topic/closed"]);
    policy(r#"["cloudwatch.amazonaws.com", "events.amazonaws.com"]"#);
    assert_eq!(findings(&product), [""; 0]);
    let before = account.read()["sns"].clone();
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    assert_eq!(account.read()["sns"], before);
    subscribe(&account);
    advance(&account, 2400);
    told(&account);
    goes_off(&account, "memory", 1500, set("ecs.memory", 97), set("ecs.memory", 40));
    let before = account.read()["sns"].clone();
    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"]);
    assert_eq!(account.read()["sns"], before);
}
