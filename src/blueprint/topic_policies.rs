//! Who may tell of alarms, and who logs that it was told.

use serde_json::{Value, json};

use crate::kinds::names::Names;
use crate::partition::principals;

use super::policies::{allow, policy};

/// Who may publish to the topic `arn`: the account, its alarms and its rules, over TLS. Sources: CloudWatch user guide,
/// "Using Amazon CloudWatch alarms"; EventBridge user guide, "Using resource-based policies for Amazon EventBridge".
pub fn topic(names: &Names, arn: &str) -> Value {
    let may_publish = |id: &str, service: &str| {
        json!({
            "Sid": id,
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "sns:Publish",
            "Resource": arn,
            "Condition": { "StringEquals": { "aws:SourceAccount": names.account } },
        })
    };
    policy(json!([
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": { "AWS": names.arn_global("iam", "root") },
            "Action": "sns:Publish",
            "Resource": arn,
        },
        may_publish("Alarms", principals::CLOUDWATCH),
        may_publish("Rules", principals::EVENTS),
        {
            "Sid": "EncryptedOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": arn,
            "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        },
    ]))
}

/// Who may assume the role with which SNS logs deliveries.
pub fn delivery_trust(names: &Names) -> Value {
    policy(json!([{
        "Sid": "Notices",
        "Effect": "Allow",
        "Principal": { "Service": principals::SNS },
        "Action": "sts:AssumeRole",
        "Condition": { "StringEquals": { "aws:SourceAccount": names.account } },
    }]))
}

/// What SNS may do: make and write the log groups of this topic's deliveries, whose names it chooses (SNS developer
/// guide, "Message delivery status").
pub fn delivery_role(names: &Names) -> Value {
    let groups = names.arn("logs", &format!("log-group:sns/{}/{}/{}*", names.region, names.account, names.stack()));
    let write = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];
    policy(json!([allow("LogDeliveries", &write, json!(groups))]))
}
