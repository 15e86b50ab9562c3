//! Access to the UI: an internal load balancer, and the buckets for its access logs.

use crate::config::Front;
use crate::engine::graph::Handle;
use crate::engine::kind::Spec;
use crate::engine::reference::{Need, Ref};
use crate::kinds::bucket::{AccessLog, Bucket, FROM_128_KIB, LifecycleRule};
use crate::kinds::certificate::Certificate;
use crate::kinds::dns::{DnsRecord, DnsZone};
use crate::kinds::listener::{Action, Listener};
use crate::kinds::load_balancer::{AccessLogs, LoadBalancer};
use crate::kinds::names;
use crate::kinds::service_linked_role::ServiceLinkedRole;
use crate::kinds::target_group::TargetGroup;
use crate::partition::principals;

use super::groups::Groups;
use super::network::{self, Network};
use super::outside::Outside;
use super::policies;
use super::stack::Stack;

/// What other parts of the stack refer to.
pub struct Ingress {
    /// Where the task is registered, if anywhere.
    pub target_group: Option<Handle<TargetGroup>>,
    /// The load balancer in front of that, as far as it is known.
    pub load_balancer: Option<Ref<LoadBalancer>>,
    /// ECS registers no target before the target group is in use.
    pub listeners: Vec<Handle<Listener>>,
}

/// Adds what is in front of the task.
pub fn add(stack: &mut Stack<'_>, network: &Network, groups: &Groups, outside: &Outside) -> Ingress {
    let existing = &stack.plan.existing;
    if let Some(arn) = &existing.target_group {
        let found = stack.facts.existing.target_group.as_ref().and_then(|group| group.found());
        let load_balancer = found.and_then(|group| group.load_balancer.as_ref());
        return Ingress {
            target_group: Some(of_user(arn.as_str())),
            load_balancer: load_balancer.map(|balancer| Ref::value(balancer.arn.as_str())),
            listeners: Vec::new(),
        };
    }
    if stack.plan.front() == Front::Nothing {
        return Ingress { target_group: None, load_balancer: None, listeners: Vec::new() };
    }
    let target_group = target_group(stack, network, outside);
    let (load_balancer, listeners) = match &existing.load_balancer {
        // On a load balancer of the user: only the port in the plan file, without a redirect.
        Some(arn) => {
            let balancer = of_user(arn.as_str());
            let listener = listener(stack, &balancer, &target_group, of_plan_file(stack));
            (balancer.arn(), vec![stack.add("shared", &listener)])
        }
        None => {
            let balancer = balancer(stack, network, groups);
            name(stack, network, &balancer);
            let certificate = certificate(stack, groups);
            let listeners = listeners(stack, &balancer, &target_group, certificate);
            (balancer.arn(), listeners)
        }
    };
    Ingress { target_group: Some(target_group), load_balancer: Some(load_balancer), listeners }
}

fn of_user<K: Spec>(arn: &str) -> Handle<K> {
    Handle::existing([("id", arn), ("arn", arn)])
}

/// Another one where the UI's own web server speaks HTTPS, because AWS cannot change the protocol.
fn target_group(stack: &mut Stack<'_>, network: &Network, outside: &Outside) -> Handle<TargetGroup> {
    let port = stack.facts.release.web.port;
    let (purpose, protocol) = match &outside.ui_certificate {
        Some(_) => (TargetGroup::OVER_TLS, "HTTPS"),
        None => (TargetGroup::PURPOSE, "HTTP"),
    };
    let target_group = TargetGroup::new(protocol, &stack.names().part(purpose), network.vpc.id(), port);
    let target_group = stack.add(purpose, &target_group);
    if let Some(certificate) = &outside.ui_certificate {
        // What is noted with it tells where to look for the target group.
        stack.graph.order(&target_group, certificate, Need::Exists);
    }
    target_group
}

fn balancer(stack: &mut Stack<'_>, network: &Network, groups: &Groups) -> Handle<LoadBalancer> {
    let shared = ServiceLinkedRole { service: principals::LOAD_BALANCING.to_owned() };
    let shared = stack.add("elasticloadbalancing", &shared);
    let logs = stack.plan.load_balancer.access_logs.then(|| buckets(stack));
    let wanted = &stack.plan.load_balancer;
    let balancer = LoadBalancer {
        name: stack.names().stack(),
        scheme: "internal".to_owned(),
        subnets: network::private(network),
        groups: groups.load_balancer.iter().map(Handle::id).collect(),
        deletion_protection: wanted.deletion_protection,
        idle_timeout: wanted.idle_timeout_seconds.seconds().unsigned_abs(),
        drop_invalid_headers: true,
        access_logs: logs.as_ref().map(|bucket| AccessLogs { bucket: bucket.id(), prefix: String::new() }),
    };
    let balancer = stack.add("main", &balancer);
    stack.graph.order(&balancer, &shared, Need::Ready);
    if let Some(bucket) = &logs {
        // AWS writes a test object when logs are turned on.
        stack.graph.order(&balancer, bucket, Need::Ready);
    }
    balancer
}

/// The name of the plan file, in a zone of the user's or a private one of our own.
fn name(stack: &mut Stack<'_>, network: &Network, balancer: &Handle<LoadBalancer>) {
    let Some(name) = stack.plan.dns.name.as_ref().map(|name| name.as_str().to_owned()) else { return };
    let existing = stack.facts.existing.zone.as_ref().and_then(|zone| zone.found());
    let zone = match existing {
        Some(zone) => Ref::value(&zone.id),
        None => {
            let zone = stack.add(DnsZone::PURPOSE, &DnsZone { name: name.clone(), vpc: network.vpc.id() });
            // The group of the load balancer carries the note about it.
            stack.graph.order(&zone, balancer, Need::Exists);
            zone.id()
        }
    };
    // One target: where it is ill, no answer would help nobody.
    let record = DnsRecord { zone, name, load_balancer: balancer.arn(), evaluate_health: false };
    stack.add(DnsRecord::PURPOSE, &record);
}

/// The certificate of the listener: the user's, or one of our own for the name, once it is issued.
fn certificate(stack: &mut Stack<'_>, groups: &Groups) -> Option<Ref<Certificate>> {
    let dns = &stack.plan.dns;
    let Some(name) = dns.name.as_ref().filter(|_| dns.certificate).map(|name| name.as_str().to_owned()) else {
        return of_plan_file(stack);
    };
    let found = stack.facts.existing.validation.as_ref().and_then(|zone| Some(zone.found()?.id.clone()));
    let zone = found.or_else(|| dns.validation().map(|zone| zone.as_str().to_owned())).unwrap_or_default();
    let tags = [(names::VALIDATION_ZONE, zone.as_str())];
    let certificate = Certificate { name: name.clone(), zone: zone.clone() };
    let certificate = stack.add_tagged(&Certificate::address_of(&name), &tags, &certificate);
    // The group carries the note about it.
    stack.order(&certificate, groups.load_balancer.first(), Need::Exists);
    Some(certificate.output("arn", Need::Ready))
}

fn of_plan_file(stack: &Stack<'_>) -> Option<Ref<Certificate>> {
    stack.plan.load_balancer.certificate_arn.as_ref().map(|arn| Ref::value(arn.as_str()))
}

/// With a certificate the UI is served over HTTPS, and port 80 redirects there.
fn listeners(
    stack: &mut Stack<'_>,
    balancer: &Handle<LoadBalancer>,
    target_group: &Handle<TargetGroup>,
    certificate: Option<Ref<Certificate>>,
) -> Vec<Handle<Listener>> {
    let main = listener(stack, balancer, target_group, certificate);
    if main.certificate.is_none() {
        return vec![stack.add("http", &main)];
    }
    let redirect = Listener {
        port: 80,
        protocol: "HTTP".to_owned(),
        certificate: None,
        tls_policy: None,
        action: Action::Redirect { protocol: main.protocol.clone(), port: main.port },
        ..main.clone()
    };
    let (https, http) = (stack.add("https", &main), stack.add("http", &redirect));
    // Nobody is sent to a port that nothing listens on: a certificate may take long, or fail.
    stack.graph.order(&http, &https, Need::Exists);
    vec![https, http]
}

/// The listener that leads to the UI.
fn listener(
    stack: &Stack<'_>,
    balancer: &Handle<LoadBalancer>,
    target_group: &Handle<TargetGroup>,
    certificate: Option<Ref<Certificate>>,
) -> Listener {
    let wanted = &stack.plan.load_balancer;
    let protocol = if certificate.is_some() { "HTTPS" } else { "HTTP" };
    Listener {
        load_balancer: balancer.arn(),
        port: stack.plan.listens_on(),
        protocol: protocol.to_owned(),
        tls_policy: certificate.is_some().then(|| wanted.ssl_policy.as_str().to_owned()),
        certificate,
        action: Action::Forward { target_group: target_group.arn() },
    }
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
        moves_from: FROM_128_KIB.to_owned(),
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
