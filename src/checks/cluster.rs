//! Existing ECS clusters.

use crate::engine::plan::Finding;
use crate::existing::Named;
use crate::existing::cluster::Cluster;

use super::finding::{CLUSTER, refusal};

/// Checks the cluster that the plan file names.
pub fn cluster(named: &Named<Cluster>) -> Vec<Finding> {
    CLUSTER.check(named, usable)
}

/// Checks a cluster that exists.
pub fn usable(cluster: &Cluster) -> Vec<Finding> {
    let Cluster { name, status, .. } = cluster;
    if status == "ACTIVE" {
        return Vec::new();
    }
    // ECS describes a deleted cluster as INACTIVE for a while (ECS API reference, DeleteCluster).
    let message = format!("the ECS cluster {name} is {status}, not ACTIVE, so it cannot run a service");
    let hint = "name an active cluster in existing.cluster, or leave the key out to get a new one";
    vec![refusal("cluster/inactive", message, hint)]
}
