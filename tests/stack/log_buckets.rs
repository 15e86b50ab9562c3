//! The buckets of the access logs: S3 and Elastic Load Balancing refuse changes in quick succession.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;

#[test]
fn bucket_settings_are_serial_and_policies_propagate() {
    let account = Account::new(SCALE);
    account.post("settings", &json!({ "s3.policy_propagation": 60 }));
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let journal = account.journal(0);
    let refused = |code: &str| journal.iter().filter(|call| call["code"] == code).count();
    assert_eq!(refused("OperationAborted"), 0, "two settings of one bucket at once");
    assert!(refused("InvalidConfigurationRequest") > 0, "the policy counts after a minute");
    for bucket in ["alb-logs", "access-logs"] {
        let name = format!("ce-prod-{}-us-east-1-{bucket}", account.id);
        let of_it = |call: &&Value| call["request"]["Bucket"] == name.as_str() && call["mutating"] == true;
        let set: Vec<&str> = journal.iter().filter(of_it).map(|call| text(&call["operation"])).collect();
        let settings: Vec<_> = set.iter().filter(|name| !name.ends_with("Object")).collect();
        assert_eq!(settings.last(), Some(&&"PutBucketPolicy"), "{settings:?}");
    }
    product.expect(0, &["plan", "FILE", "--exit-code"]);
}
