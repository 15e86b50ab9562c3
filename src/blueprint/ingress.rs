//! The way in: an internal load balancer in front of the UI, and the buckets for its access logs.

use crate::engine::graph::Handle;
use crate::engine::reference::Need;
use crate::engine::set::Set;
use crate::kinds::bucket::{AccessLog, Bucket, LifecycleRule};
use crate::kinds::listener::{Action, Listener};
use crate::kinds::load_balancer::{AccessLogs, LoadBalancer};
use crate::kinds::target_group::TargetGroup;

use super::identity::Identity;
use super::network::{self, Network};
use super::policies;
use super::stack::Stack;

/// What other parts of the stack refer to.
pub struct Ingress {
    pub target_group: Handle<TargetGroup>,
    /// ECS registers no target before the target group is in use.
    pub listeners: Vec<Handle<Listener>>,
}

/// Adds the load balancer with its target group, listeners and logs.
pub fn add(stack: &mut Stack<'_>, network: &Network, identity: &Identity) -> Ingress {
    let port = stack.facts.release.web.port;
    let target_group = TargetGroup::http(&stack.names().part("ui"), network.vpc.id(), port);
    let target_group = stack.add("ui", &target_group);
    let logs = stack.plan.load_balancer.access_logs.then(|| buckets(stack));
    let wanted = &stack.plan.load_balancer;
    let balancer = LoadBalancer {
        name: stack.names().stack(),
        scheme: "internal".to_owned(),
        subnets: network::private(network),
        groups: Set::new([network.load_balancer_group.id()]),
        deletion_protection: wanted.deletion_protection,
        idle_timeout: wanted.idle_timeout_seconds.seconds().unsigned_abs(),
        drop_invalid_headers: true,
        access_logs: logs.as_ref().map(|bucket| AccessLogs { bucket: bucket.id(), prefix: String::new() }),
    };
    let balancer = stack.add("main", &balancer);
    stack.graph.order(&balancer, &identity.load_balancing, Need::Ready);
    if let Some(bucket) = &logs {
        // AWS writes a test object when logs are turned on.
        stack.graph.order(&balancer, bucket, Need::Ready);
    }
    let listeners = listeners(stack, &balancer, &target_group);
    Ingress { target_group, listeners }
}

/// With a certificate the UI is served over HTTPS, and port 80 only says so.
fn listeners(
    stack: &mut Stack<'_>,
    balancer: &Handle<LoadBalancer>,
    target_group: &Handle<TargetGroup>,
) -> Vec<Handle<Listener>> {
    let forward = Action::Forward { target_group: target_group.arn() };
    let http = |action| Listener {
        load_balancer: balancer.arn(),
        port: 80,
        protocol: "HTTP".to_owned(),
        certificate: None,
        tls_policy: None,
        action,
    };
    let Some(certificate) = stack.plan.load_balancer.certificate_arn.clone() else {
        return vec![stack.add("http", &http(forward))];
    };
    let https = Listener {
        load_balancer: balancer.arn(),
        port: 443,
        protocol: "HTTPS".to_owned(),
        certificate: Some(certificate.as_str().to_owned()),
        tls_policy: Some(stack.plan.load_balancer.ssl_policy.as_str().to_owned()),
        action: forward,
    };
    let redirect = http(Action::Redirect { protocol: "HTTPS".to_owned(), port: 443 });
    vec![stack.add("https", &https), stack.add("http", &redirect)]
}

/// One bucket for the load balancer's access logs, and one for the accesses to that bucket.
fn buckets(stack: &mut Stack<'_>) -> Handle<Bucket> {
    let names = stack.names().clone();
    let (logged, logging) = ("alb-logs", "access-logs");
    let bucket = |stack: &Stack<'_>, purpose: &str, policy, access_log| Bucket {
        name: names.bucket(purpose),
        encryption: "AES256".to_owned(),
        block_public_access: true,
        ownership: "BucketOwnerEnforced".to_owned(),
        policy,
        lifecycle: vec![LifecycleRule {
            prefix: String::new(),
            enabled: true,
            archive_after_days: Some(stack.plan.load_balancer.log_archive_after_days.days()),
            expire_after_days: Some(stack.plan.load_balancer.log_expire_after_days.days()),
            abort_uploads_after_days: Some(7),
        }],
        access_log,
        eventbridge: true,
    };
    let policy = policies::access_log_bucket(&names, logging, logged);
    let target = bucket(stack, logging, policy, None);
    let target = stack.add(logging, &target.normal());
    let log = AccessLog { bucket: target.id(), prefix: "access-logs/".to_owned() };
    let source = bucket(stack, logged, policies::load_balancer_log_bucket(&names, logged), Some(log));
    let source = stack.add(logged, &source.normal());
    stack.graph.order(&source, &target, Need::Ready);
    source
}
