//! Sessions that a user's cluster encrypts with a KMS key: commands, files and questions to the containers, and what
//! keeps them from being encrypted. A tunnel is not encrypted by AWS's agents of today; it would be.

use std::fs;

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;

const PLAN: &str = "name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"us-east-1\"\n[load_balancer]\nenabled = false\n\
                    [existing]\ncluster = \"shared\"\n";

/// A cluster whose sessions are encrypted; the ARN of the key.
pub fn cluster(account: &Account) -> String {
    account.by_hand(
        r#"
key = client("kms").create_key()["KeyMetadata"]["Arn"]
exec_with = {"executeCommandConfiguration": {"kmsKeyId": key, "logging": "DEFAULT"}}
ecs.create_cluster(clusterName="shared", configuration=exec_with)
print(key)
"#,
    )
}

fn deployed<'a>(account: &'a Account, plan: &str) -> Product<'a> {
    let product = Product::with_plan(account, plan);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product
}

/// The requests for data keys.
fn data_keys(account: &Account) -> Vec<Value> {
    let calls = account.journal(0).into_iter().filter(|call| call["operation"] == "GenerateDataKey");
    calls.map(|call| call["request"].clone()).collect()
}

#[test]
fn commands_files_and_questions_are_encrypted() {
    let account = Account::new(SCALE);
    let key = cluster(&account);
    let product = deployed(&account, PLAN);
    assert_eq!(product.run(&["plan", "FILE", "--exit-code"]).code, 0);
    let before = data_keys(&account).len();

    let output = "one\ntwo\n";
    for (code, fault) in [(0, json!(null)), (7, json!("reorder")), (3, json!("deaf-input"))] {
        account.post("exec", &json!({ "contains": "ls", "output": output, "exit": code, "chunks": 5, "fault": fault }));
        let ran = product.run(&["exec", "FILE", "core", "--", "ls", "-l"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (code, output), "{fault}\n{}", ran.stderr);
    }
    account.delete("exec");
    let asked = data_keys(&account);
    assert_eq!(asked.len(), before + 3, "one for each session");
    let context = &asked[before]["EncryptionContext"];
    assert!(text(&context["aws:ssm:SessionId"]).starts_with("ecs-execute-command-"), "{context}");
    assert!(text(&context["aws:ssm:TargetId"]).starts_with("ecs:shared_"), "{context}");
    assert_eq!((&asked[before]["KeyId"], &asked[before]["NumberOfBytes"]), (&json!(key), &json!(64)));

    let content: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(product.folder().join("plug-in"), &content).unwrap();
    product.expect(0, &["files", "put", "FILE", "plug-in", "custom_plugins/mine"]);
    product.expect(0, &["files", "get", "FILE", "custom_plugins/mine", "-o", "back"]);
    assert!(fs::read(product.folder().join("back")).unwrap() == content);

    let status = product.expect(0, &["status", "FILE", "--probe", "--output", "json"]).stdout;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!((&status["probe"]["ui_status"], &status["probe"]["unknown"]), (&json!(200), &json!([])), "{status}");

    // The role may use the key for sessions in this cluster only.
    let role = account.by_hand(
        r#"
import json
name = next(role["RoleName"] for role in iam.list_roles()["Roles"] if role["RoleName"].endswith("-task"))
policy = iam.list_role_policies(RoleName=name)["PolicyNames"][0]
print(json.dumps(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]))
"#,
    );
    let role: Value = serde_json::from_str(&role).expect("JSON");
    let all = role["Statement"].as_array().expect("statements");
    let decrypt = all.iter().find(|one| one["Sid"] == "DecryptSessions").expect("a statement");
    assert_eq!(decrypt["Resource"], json!(key));
    assert_eq!(decrypt["Condition"]["StringLike"]["kms:EncryptionContext:aws:ssm:TargetId"], "ecs:shared_*");
}

#[test]
fn what_is_not_encrypted_with_the_data_key_ends_the_session() {
    let account = Account::new(SCALE);
    let key = cluster(&account);
    let product = deployed(&account, PLAN);
    let refused = |words: &[&str]| {
        let ran = product.expect(1, &["exec", "FILE", "core", "--", "ls"]);
        assert!(words.iter().all(|word| ran.stderr.contains(word)), "{words:?}\n{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    };
    for fault in ["altered", "other-key"] {
        account.post("exec", &json!({ "output": "secret", "fault": fault }));
        refused(&["not encrypted with the data key of the session"]);
    }
    account.delete("exec");
    let deny = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "kms:GenerateDataKey", "Resource": "*"},
    ]});
    account.post("settings", &json!({ "iam.caller_policy": deny }));
    refused(&["kms GenerateDataKey", "AccessDeniedException", "kms:GenerateDataKey", "ce-aws policy"]);
    account.post("settings", &json!({ "iam.caller_policy": null }));
    let in_kms = |call: &str| account.by_hand(&format!("client('kms').{call}(KeyId='{key}')"));
    in_kms("disable_key");
    refused(&["kms GenerateDataKey", "DisabledException"]);
    in_kms("enable_key");
    account.by_hand(
        r#"
import json
name = next(role["RoleName"] for role in iam.list_roles()["Roles"] if role["RoleName"].endswith("-task"))
no = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}]}
iam.put_role_policy(RoleName=name, PolicyName="no", PolicyDocument=json.dumps(no))
"#,
    );
    account.post("clock", &json!({ "advance": 60 }));
    refused(&["Fetching data key failed", "kms:Decrypt", "ce-aws doctor"]);
}

#[test]
fn a_tunnel_would_be_encrypted() {
    let account = Account::new(SCALE);
    let key = cluster(&account);
    let product = deployed(&account, PLAN);
    let open = ["open", "FILE", "--check", "--local-port", "0"];
    let before = data_keys(&account).len();
    product.expect(0, &open);
    assert_eq!(data_keys(&account).len(), before, "AWS's agents do not ask for it");
    account.post("ports", &json!({ "kms_key": key }));
    let checked = product.expect(0, &open);
    assert!(checked.stderr.contains("encrypted using AWS KMS"), "{}", checked.stderr);
    assert_eq!(data_keys(&account).len(), before + 1);
    account.by_hand(&format!("client('kms').disable_key(KeyId='{key}')"));
    let refused = product.expect(1, &open).stderr;
    assert!(refused.contains("DisabledException") && refused.contains("kms:GenerateDataKey"), "{refused}");
}

#[test]
fn a_task_role_of_the_users_is_checked_for_the_key() {
    let account = Account::new(SCALE);
    let key = cluster(&account);
    let role = account.by_hand(
        r#"
import json
trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
document = lambda *statements: json.dumps({"Version": "2012-10-17", "Statement": statements})
everything = {"Effect": "Allow", "NotAction": "kms:Decrypt", "Resource": "*"}
role = iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
iam.put_role_policy(RoleName="theirs", PolicyName="any", PolicyDocument=document(everything))
print(role)
"#,
    );
    account.post("settings", &json!({ "iam.propagation": 0 }));
    let product = Product::with_plan(&account, &format!("{PLAN}task_role = \"{role}\"\n"));
    let findings = || -> Vec<String> {
        let plan = product.run(&["plan", "FILE", "--output", "json"]).stdout;
        let plan: Value = serde_json::from_str(&plan).expect("JSON");
        let all = plan["findings"].as_array().into_iter().flatten();
        all.filter(|one| text(&one["code"]).starts_with("role/")).map(ToString::to_string).collect()
    };
    let [finding] = &findings()[..] else { panic!("{:?}", findings()) };
    for word in ["role/session-key", "warning", "kms:Decrypt", key.as_str(), "cluster shared"] {
        assert!(finding.contains(word), "{word}: {finding}");
    }
    account.by_hand(&format!(
        r#"
import json
allow = {{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "{key}"}}
iam.put_role_policy(RoleName="theirs", PolicyName="key",
    PolicyDocument=json.dumps({{"Version": "2012-10-17", "Statement": [allow]}}))
"#
    ));
    assert_eq!(findings(), [""; 0]);
    account.by_hand(r#"iam.delete_role_policy(RoleName="theirs", PolicyName="key")"#);
    account.by_hand(
        r#"ecs.update_cluster(cluster="shared", configuration={"executeCommandConfiguration": {"logging": "NONE"}})"#,
    );
    assert_eq!(findings(), [""; 0], "nothing is encrypted");
}
