//! ECS clusters.

use insta::assert_snapshot;

use crate::checks::cluster::cluster;
use crate::existing::cluster::Cluster;

use super::samples::{codes, denied, missing, named, text};

fn with(status: &str) -> Cluster {
    Cluster { name: "shared".to_owned(), status: status.to_owned(), ..Cluster::default() }
}

#[test]
fn an_active_cluster_is_fine() {
    assert!(cluster(&named("shared", with("ACTIVE"))).is_empty());
}

#[test]
fn an_inactive_cluster_is_refused_with_its_status() {
    let refused = ["INACTIVE", "PROVISIONING", "DEPROVISIONING", "FAILED"];
    let findings: Vec<_> = refused.iter().flat_map(|status| cluster(&named("shared", with(status)))).collect();
    assert_eq!(codes(&findings), ["cluster/inactive"; 4]);
    assert_snapshot!("cluster_inactive", text(&findings[..1]));
}

#[test]
fn a_missing_or_unreadable_cluster_is_refused() {
    let mut findings = cluster(&missing("shared"));
    let answer = "ecs DescribeClusters failed: AccessDeniedException: User: ops is not authorized";
    findings.extend(cluster(&denied("shared", answer)));
    assert_eq!(codes(&findings), ["cluster/not-found", "cluster/denied"]);
    assert_snapshot!("cluster_unknown", text(&findings));
}
