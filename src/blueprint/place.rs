//! The resources of a deployment that policies for its operator name, by its plan file.

use std::collections::BTreeSet;

use crate::config::{PlanFile, ZoneName, ZoneRef};
use crate::engine::graph::Graph;
use crate::engine::kind::Spec;
use crate::kinds::names::Names;
use crate::kinds::place::{NamePlace, Place};
use crate::kinds::role::Role;

/// From the plan file, and the managed policies of the roles in its graph.
pub fn place(plan: &PlanFile, names: &Names, graph: &Graph) -> Place {
    let wanted = &plan.existing;
    let roles = [&wanted.task_role, &wanted.execution_role];
    let user_roles: BTreeSet<String> = roles.into_iter().flatten().map(|role| role.as_str().to_owned()).collect();
    let managed = graph.nodes().filter(|node| node.kind.name == Role::KIND.name).flat_map(|node| {
        let managed = node.spec.get("managed").and_then(|managed| managed.as_array()).into_iter().flatten();
        managed.filter_map(|arn| arn.as_str().map(str::to_owned))
    });
    Place {
        vpc: wanted.vpc.as_ref().map(|id| names.arn("ec2", &format!("vpc/{}", id.as_str()))),
        subnets: wanted
            .private_subnets
            .iter()
            .flatten()
            .map(|id| names.arn("ec2", &format!("subnet/{}", id.as_str())))
            .collect(),
        cluster: wanted.cluster.as_ref().map(|cluster| names.arn("ecs", &format!("cluster/{}", cluster.name()))),
        load_balancer: wanted.load_balancer.as_ref().map(|arn| arn.as_str().to_owned()),
        own_task_roles: roles.into_iter().any(Option::is_none),
        task_roles: user_roles.into_iter().collect(),
        backup_role: wanted.backup_role.as_ref().map(|arn| arn.as_str().to_owned()),
        key: wanted.kms_key.as_ref().map(|key| names.key_arn(key.as_str())),
        credentials: plan.secrets.existing.iter().map(|arn| arn.as_str().to_owned()).collect(),
        dns: plan.dns.name.as_ref().map(|name| NamePlace {
            name: name.as_str().to_owned(),
            zone: plan.dns.zone.as_ref().and_then(zone_id),
            own_zone: plan.dns.own_zone(),
            validation: plan.dns.certificate.then(|| plan.dns.validation().and_then(zone_id)),
        }),
        ui_certificate: plan.ui_certificate.is_some(),
        client_vpn: plan.client_vpn.is_wanted(),
        policies: managed.collect::<BTreeSet<_>>().into_iter().collect(),
        topic: plan.alarms.topic.as_ref().map(|arn| arn.as_str().to_owned()),
        topic_key: plan.alarms.kms_key.as_ref().map(|key| names.key_arn(key.as_str())),
        boundary: plan.identity.permissions_boundary.as_ref().map(|arn| arn.as_str().to_owned()),
        names: names.clone(),
    }
}

/// The id of a zone, where the plan file says it.
fn zone_id(zone: &ZoneName) -> Option<String> {
    match zone.reference() {
        ZoneRef::Id(id) => Some(id.to_owned()),
        ZoneRef::Name(_) => None,
    }
}
