//! Secret values are in Secrets Manager and nowhere else.

use serde_json::Value;

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;

/// Values that can be found again.
const PASSWORD: &str = "PlantedPassword0123456789abcdef";
const JWT: &str = "PlantedJwtSecret0123456789abcdefghij";

#[test]
fn secret_values_are_only_in_secrets_manager() {
    let account = Account::new(SCALE);
    account.by_hand(&format!(
        r#"
import json
client("secretsmanager").create_secret(Name="mine", SecretString=json.dumps(
    {{"maintenance_password": "{PASSWORD}", "jwt_secret": "{JWT}"}}))
"#
    ));
    let arn = text(&account.read()["secrets"]["secrets"][0]["ARN"]).to_owned();
    let product = Product::with_plan(
        &account,
        &format!("name = \"prod\"\nrelease = \"5.0.0\"\n[secrets]\nexisting = \"{arn}\"\n"),
    );
    let saved = product.run(&["plan", "FILE", "--out", "saved.json", "-vvv", "--log-file", "plan.log"]);
    assert_eq!(saved.code, 0, "{saved:?}");
    let read_by_plan = account.journal(0).iter().any(|call| call["operation"] == "GetSecretValue");
    assert!(!read_by_plan, "plan reads no secret");
    let applied = product.expect(0, &["apply", "FILE", "--yes", "-vvv", "--log-file", "apply.log"]);
    let status = product.expect(0, &["status", "FILE", "-vvv", "--output", "json"]);
    let planned = product.expect(0, &["plan", "FILE", "-vvv", "--output", "json"]);

    // They are where they belong, the derived ones too.
    let values = account.inventory(&["secrets"]);
    let own: Value = serde_json::from_str(text(&values["ce-aws/prod/credentials"])).expect("a JSON secret");
    assert_eq!((text(&own["maintenance_password"]), text(&own["jwt_secret"])), (PASSWORD, JWT));
    assert_eq!(text(&own["mongo_connection_string"]), format!("mongodb://cteadmin:{PASSWORD}@localhost:27017/cte"));
    assert_eq!(text(&own["rabbitmq_connection_string"]), format!("amqp://user:{PASSWORD}@localhost"));

    let ecs: Vec<Value> = account.journal(0).into_iter().filter(|call| call["service"] == "ecs").collect();
    let file = |name: &str| std::fs::read_to_string(product.folder().join(name)).expect("the file is there");
    let places = [
        ("output", [&saved, &applied, &status, &planned].map(|ran| format!("{}{}", ran.stdout, ran.stderr)).concat()),
        ("saved plan", file("saved.json")),
        ("log files", file("plan.log") + &file("apply.log")),
        ("journal of ECS calls", serde_json::to_string(&ecs).expect("JSON")),
        ("account", account.read().to_string()),
    ];
    for (place, content) in places {
        assert!(content.len() > 200, "{place} is nearly empty: {content}");
        for value in [PASSWORD, JWT] {
            assert!(!content.contains(value), "a secret value is in the {place}");
        }
    }
}

#[test]
fn an_unusable_existing_secret_is_refused_before_any_change() {
    let account = Account::new(SCALE);
    let arn = account.by_hand(&format!(
        r#"
import json
print(client("secretsmanager").create_secret(Name="mine", SecretString=json.dumps({{"jwt_secret": "{JWT}"}}))["ARN"])
"#
    ));
    let proxy = account.by_hand(&format!(
        r#"
import json
value = json.dumps({{"http_proxy": "http://{PASSWORD}:1"}})
print(client("secretsmanager").create_secret(Name="proxy", SecretString=value)["ARN"])
"#
    ));
    let plan = format!(
        "name = \"prod\"\nrelease = \"5.0.0\"\n[secrets]\nexisting = \"{arn}\"\n[proxy]\nsecret = \"{proxy}\"\n"
    );
    let product = Product::with_plan(&account, &plan);
    // `plan` reads no value.
    product.expect(0, &["plan", "FILE"]);
    let before = account.journal(0).len();
    let both = |ran: &crate::product::Ran| format!("{}{}", ran.stdout, ran.stderr);
    for command in [&["apply", "FILE", "--yes"][..], &["doctor", "FILE"]] {
        let said = both(&product.expect(5, command));
        for words in ["[secret/content]", "no key maintenance_password", "no key https_proxy"] {
            assert!(said.contains(words), "{command:?} does not say {words:?}: {said}");
        }
        assert!(![PASSWORD, JWT].iter().any(|value| said.contains(value)), "{said}");
    }
    assert_eq!(account.mutations(before), [""; 0], "nothing is changed");

    // What may not be read is refused only where it is copied.
    account.by_hand(&format!(
        r#"
import json
secrets = client("secretsmanager")
secrets.put_secret_value(SecretId="mine", SecretString=json.dumps({{"maintenance_password": "{PASSWORD}"}}))
secrets.put_secret_value(SecretId="proxy", SecretString=json.dumps(
    {{"http_proxy": "http://proxy.example.com:3128", "https_proxy": "http://proxy.example.com:3128"}}))
"#
    ));
    account.post(
        "faults",
        &serde_json::json!({ "service": "secretsmanager", "operation": "GetSecretValue", "contains": "proxy",
        "kind": "error", "code": "AccessDeniedException", "status": 400 }),
    );
    let applied = both(&product.expect(0, &["apply", "FILE", "--yes"]));
    assert!(applied.contains("warning[secret/not-checked]"), "{applied}");
    // Both were copied or handed over: nothing is read again.
    let before = account.journal(0).len();
    product.expect(0, &["apply", "FILE", "--yes"]);
    let read = account.journal(before).iter().any(|call| call["operation"] == "GetSecretValue");
    assert!(!read, "an apply with nothing to do reads no secret");
}
