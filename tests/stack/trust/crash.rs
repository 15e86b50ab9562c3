//! Killed at a call: when it has taken effect, and before its answer is read.

use std::sync::Arc;

use super::{APPLY, Case, Undisturbed, sweep};
use crate::bed::Bed;
use crate::product::Product;
use crate::saga::road;

/// One of so many calls is in the sample.
const EVERY: usize = 12;
const DESTROY: [&str; 5] = ["destroy", "FILE", "--yes", "--unprotect", "--delete-data"];

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

#[test]
fn apply_killed_at_every_call() {
    killed("apply killed", |_| {}, &APPLY);
}

#[test]
fn update_killed_at_every_call() {
    let prepare = |product: &Product<'_>| {
        product.expect(0, &APPLY);
        product.write_plan(UPDATED);
    };
    killed("update killed", prepare, &APPLY);
}

#[test]
fn destroy_killed_at_every_call() {
    let prepare = |product: &Product<'_>| drop(product.expect(0, &APPLY));
    killed("destroy killed", prepare, &DESTROY);
}

fn killed(
    title: &str,
    prepare: impl Fn(&Product<'_>) + Copy + Send + Sync + 'static,
    arguments: &'static [&'static str],
) {
    let undisturbed = Arc::new(Undisturbed::of(prepare, arguments));
    let case = |call: &road::Call| {
        let (undisturbed, call) = (undisturbed.clone(), call.clone());
        Case::new(call.to_string(), move || {
            let bed = Bed::new(road::SCALE);
            let product = Product::new(&bed);
            prepare(&product);
            call.kill(&product, arguments, false);
            product.expect(0, arguments);
            undisturbed.is_equal(&bed);
            crate::writers::never_two_deployments(&bed);
            String::new()
        })
    };
    let cases = undisturbed.calls.iter().map(case).collect();
    sweep(title, cases, |number| number % EVERY == EVERY / 2);
}
