//! An ECS cluster of the user's.

use crate::engine::plan::{Finding, Severity};
use crate::existing::Named;
use crate::existing::cluster::Cluster;

use super::finding::{Thing, refusal};

const CLUSTER: Thing = Thing {
    code: "cluster",
    words: "ECS cluster",
    shown_by: "ce-aws discover clusters",
    actions: "ecs:DescribeClusters",
    denied: Severity::Refusal,
};

/// What is wrong with the cluster that the plan file names.
pub fn cluster(named: &Named<Cluster>) -> Vec<Finding> {
    match CLUSTER.found(named) {
        Ok(cluster) => usable(cluster),
        Err(finding) => vec![finding],
    }
}

/// What is wrong with a cluster that is there.
pub fn usable(cluster: &Cluster) -> Vec<Finding> {
    let Cluster { name, status, .. } = cluster;
    if status == "ACTIVE" {
        return Vec::new();
    }
    // ECS still describes a deleted cluster for a while, as INACTIVE (ECS API reference, DeleteCluster).
    let message = format!("the ECS cluster {name} is {status}, not ACTIVE: it takes no service");
    let hint = "name an active cluster in existing.cluster, or leave the key out and have one made";
    vec![refusal("cluster/inactive", message, hint)]
}
