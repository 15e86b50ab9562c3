//! Secret values are in Secrets Manager and nowhere else.

use serde_json::Value;

use crate::bed::{Bed, text};
use crate::deploy::SCALE;
use crate::product::Product;

/// Values that can be found again.
const PASSWORD: &str = "PlantedPassword0123456789abcdef";
const JWT: &str = "PlantedJwtSecret0123456789abcdefghij";

#[test]
fn the_values_are_found_nowhere_but_in_secrets_manager() {
    let bed = Bed::new(SCALE);
    bed.by_hand(&format!(
        r#"
import json
client("secretsmanager").create_secret(Name="mine", SecretString=json.dumps(
    {{"maintenance_password": "{PASSWORD}", "jwt_secret": "{JWT}"}}))
"#
    ));
    let arn = text(&bed.read()["secrets"]["secrets"][0]["ARN"]).to_owned();
    let product =
        Product::with_plan(&bed, &format!("name = \"prod\"\nrelease = \"5.0.0\"\n[secrets]\nexisting = \"{arn}\"\n"));
    let saved = product.run(&["plan", "FILE", "--out", "saved.json", "-vvv", "--log-file", "plan.log"]);
    assert_eq!(saved.code, 0, "{saved:?}");
    let read_by_plan = bed.journal(0).iter().any(|call| call["operation"] == "GetSecretValue");
    assert!(!read_by_plan, "plan reads no secret");
    let applied = product.expect(0, &["apply", "FILE", "--yes", "-vvv", "--log-file", "apply.log"]);
    let status = product.expect(0, &["status", "FILE", "-vvv", "--output", "json"]);
    let planned = product.expect(0, &["plan", "FILE", "-vvv", "--output", "json"]);

    // They are where they belong, the derived ones too.
    let values = bed.reader(&["secrets"]);
    let own: Value = serde_json::from_str(text(&values["ce-aws/prod/credentials"])).expect("a JSON secret");
    assert_eq!((text(&own["maintenance_password"]), text(&own["jwt_secret"])), (PASSWORD, JWT));
    assert_eq!(text(&own["mongo_connection_string"]), format!("mongodb://cteadmin:{PASSWORD}@localhost:27017/cte"));
    assert_eq!(text(&own["rabbitmq_connection_string"]), format!("amqp://user:{PASSWORD}@localhost"));

    let ecs: Vec<Value> = bed.journal(0).into_iter().filter(|call| call["service"] == "ecs").collect();
    let file = |name: &str| std::fs::read_to_string(product.folder().join(name)).expect("the file is there");
    let places = [
        ("output", [&saved, &applied, &status, &planned].map(|ran| format!("{}{}", ran.stdout, ran.stderr)).concat()),
        ("saved plan", file("saved.json")),
        ("log files", file("plan.log") + &file("apply.log")),
        ("journal of ECS calls", serde_json::to_string(&ecs).expect("JSON")),
        ("account", bed.read().to_string()),
    ];
    for (place, content) in places {
        assert!(content.len() > 200, "{place} is nearly empty: {content}");
        for value in [PASSWORD, JWT] {
            assert!(!content.contains(value), "a secret value is in the {place}");
        }
    }
}
