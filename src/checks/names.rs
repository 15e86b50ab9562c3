//! Whether the names of new resources are free.

use crate::engine::plan::{Action, Finding, Plan};
use crate::engine::reference;
use crate::existing::account::names::{Holder, Name, Other};

use super::finding::{refusal, warning};

/// The names of resources that a plan would create and that must be unique. A task family may have revisions of others.
pub fn given(plan: &Plan) -> Vec<Name> {
    let created = plan.steps.iter().filter(|step| step.action == Action::Create);
    let names = created.filter_map(|step| {
        let (property, place) = match step.address.kind() {
            "bucket"
            | "role"
            | "log-group"
            | "load-balancer"
            | "target-group"
            | "cluster"
            | "secret"
            | "ca-certificate"
            | "internal-certificate"
            | "ui-certificate"
            | "backup-vault" => ("name", None),
            "file-system" => ("creation_token", None),
            "security-group" => ("name", Some("vpc")),
            "service" => ("name", Some("cluster")),
            _ => return None,
        };
        let name = step.spec[property].as_str()?.to_owned();
        let place = match place {
            None => String::new(),
            // In a VPC or cluster that does not exist yet, all names are free.
            Some(place) => reference::resolve(&step.spec[place], &plan.known).as_str()?.to_owned(),
        };
        Some(Name { address: step.address.clone(), name, place })
    });
    names.collect()
}

/// Findings about names that are taken. `deployment` is the plan file's name.
pub fn names(held: &[(Name, Holder)], deployment: &str) -> Vec<Finding> {
    let taken = held.iter().filter_map(|(name, holder)| match holder {
        Holder::Other(other) => Some(taken(name, other, deployment)),
        Holder::Nobody | Holder::Ours | Holder::Unknown(_) => None,
    });
    taken.chain(not_checked(held)).collect()
}

fn taken(Name { address, name, .. }: &Name, other: &Other, deployment: &str) -> Finding {
    let Other { id, deployment: theirs, is_deleted } = other;
    let what = words(address.kind());
    let whose = match (theirs, id.as_str()) {
        (Some(theirs), _) => format!("already exists and belongs to the deployment {theirs}"),
        (None, "") => "belongs to another account, is in another region, or may not be read".to_owned(),
        (None, _) => "already exists and has no tags of ce-aws".to_owned(),
    };
    let id = if id.is_empty() || id == name { String::new() } else { format!(" ({id})") };
    let rename = "give this deployment another `name`";
    let adopt =
        format!("if it belongs to this deployment, tag it ce-aws:deployment={deployment} and ce-aws:address={address}");
    let (state, hint) = match (is_deleted, theirs.is_some()) {
        // S3 answers the same for a missing bucket if the caller may not list it (S3 API reference, HeadBucket).
        _ if other.id.is_empty() => {
            ("", format!("grant the caller s3:ListBucket on it; if it has that already, {rename}"))
        }
        (true, _) => (
            "; it is scheduled for deletion, and keeps its name until then",
            format!(
                "restore it with `aws secretsmanager restore-secret --secret-id {name}`, and {adopt}; otherwise \
                 {rename}, or wait until it is deleted"
            ),
        ),
        (false, true) => ("", rename.to_owned()),
        (false, false) => ("", format!("{adopt}, then apply; otherwise {rename}, or delete it")),
    };
    Finding {
        address: Some(address.clone()),
        ..refusal("name/taken", format!("the {what} {name}{id} {whose}{state}"), hint)
    }
}

pub(super) fn words(kind: &str) -> String {
    match kind {
        "file-system" => "file system with the creation token".to_owned(),
        "role" => "IAM role".to_owned(),
        "cluster" => "ECS cluster".to_owned(),
        "service" => "ECS service".to_owned(),
        "ca-certificate" | "internal-certificate" | "ui-certificate" => "secret".to_owned(),
        "vpc" => "VPC".to_owned(),
        "nat-gateway" => "NAT gateway".to_owned(),
        "elastic-ip" => "Elastic IP address".to_owned(),
        kind => kind.replace('-', " "),
    }
}

fn not_checked(held: &[(Name, Holder)]) -> Option<Finding> {
    let unknown = held.iter().filter_map(|(name, holder)| match holder {
        Holder::Unknown(why) => Some(format!("{} ({why})", name.name)),
        _ => None,
    });
    let unknown: Vec<_> = unknown.collect();
    (!unknown.is_empty()).then_some(warning(
        "name/not-checked",
        format!("whether these names are free could not be checked: {}", unknown.join("; ")),
        "grant the caller these calls; otherwise apply fails at a name that is taken",
    ))
}
