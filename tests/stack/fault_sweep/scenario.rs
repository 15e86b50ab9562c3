//! The commands under test.

use std::sync::OnceLock;

use super::{APPLY, Undisturbed};
use crate::product::Product;

/// An edit of as many kinds as possible.
const UPDATED: &str = r#"
name = "prod"
release = "5.0.0"
package = "small"
[tags]
Owner = "security-platform"
[network]
nat = "single"
flow_logs = false
extra_ingress = [{ protocol = "udp", ports = 514, from = "10.20.0.0/16" }]
[access]
allowed_cidrs = ["172.16.0.0/16", "10.0.0.0/8"]
extra_ingress = [{ to = "task", protocol = "tcp", ports = 8000, from = "10.20.0.0/16" }]
[load_balancer]
deletion_protection = false
idle_timeout_seconds = 120
log_expire_after_days = 200
[service]
tls_version = "TLSv1.2 TLSv1.3"
container_insights = false
[storage]
throughput = "bursting"
backup = false
[logs]
retention_days = 30
[identity]
task_policy_arns = ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]
"#;

/// A command, and what must be there for it.
pub struct Scenario {
    pub title: &'static str,
    pub prepare: fn(&Product<'_>),
    pub arguments: &'static [&'static str],
    undisturbed: OnceLock<Undisturbed>,
}

/// A first apply with a new VPC.
pub static FIRST: Scenario = Scenario::new("apply", |_| {}, &APPLY);
pub static UPDATE: Scenario = Scenario::new(
    "update",
    |product| {
        product.expect(0, &APPLY);
        product.write_plan(UPDATED);
    },
    &APPLY,
);
pub static DESTROY: Scenario = Scenario::new(
    "destroy",
    |product| drop(product.expect(0, &APPLY)),
    &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"],
);

impl Scenario {
    const fn new(title: &'static str, prepare: fn(&Product<'_>), arguments: &'static [&'static str]) -> Self {
        Self { title, prepare, arguments, undisturbed: OnceLock::new() }
    }

    pub fn undisturbed(&self) -> &Undisturbed {
        self.undisturbed.get_or_init(|| Undisturbed::of(self.prepare, self.arguments))
    }
}
