mod io;
mod list;
mod parts;
mod size;
mod table;

use serde_json::{Value, json};

use crate::engine::address::Address;

use super::Parts;

/// Resources by address, with the properties that a price depends on.
pub fn parts(resources: &[(&str, Value)]) -> Parts {
    let one = |(address, spec): &(&str, Value)| (address.parse::<Address>().unwrap(), spec.clone());
    Parts(resources.iter().map(one).collect())
}

pub fn task_definition(cpu: u32, memory: u32) -> Value {
    json!({
        "family": "prod", "cpu": cpu, "memory": memory, "execution_role": "a", "task_role": "b", "system": "LINUX",
        "architecture": "X86_64", "containers": {}, "volumes": {},
    })
}

pub fn service(desired: u32) -> Value {
    json!({
        "name": "prod", "cluster": "c", "task_definition": "t", "desired": desired, "platform_version": "1.4.0",
        "minimum": 0, "maximum": 100, "circuit_breaker": true, "circuit_breaker_rollback": false,
        "zone_rebalancing": false, "exec": true, "propagate_tags": "SERVICE", "subnets": { "$set": [] },
        "groups": { "$set": [] }, "public_address": false,
    })
}

pub fn file_system(throughput: &str) -> Value {
    json!({
        "creation_token": "t", "encrypted": true, "kms_key": null, "performance": "generalPurpose",
        "throughput": throughput, "backup": true,
    })
}

/// Medium, with two NAT gateways and a load balancer.
pub fn usual() -> Parts {
    parts(&[
        ("task-definition/main", task_definition(8192, 16384)),
        ("service/main", service(1)),
        ("nat-gateway/a", json!({})),
        ("nat-gateway/b", json!({})),
        ("elastic-ip/a", json!({})),
        ("elastic-ip/b", json!({})),
        ("load-balancer/main", json!({})),
        ("file-system/main", file_system("elastic")),
        ("secret/credentials", json!({})),
        ("log-group/task", json!({})),
        ("cluster/main", json!({ "name": "prod", "container_insights": true })),
        ("vpc/main", json!({})),
    ])
}
