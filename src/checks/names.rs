//! Whether the names that a plan would give are free.

use crate::engine::plan::{Action, Finding, Plan};
use crate::engine::reference;
use crate::existing::account::names::{Holder, Name, Stranger};

use super::finding::{refusal, warning};

/// The names that a plan would give and that only one can have. Of a task family there may be revisions of others.
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
            | "backup-vault" => ("name", None),
            "file-system" => ("creation_token", None),
            "security-group" => ("name", Some("vpc")),
            "service" => ("name", Some("cluster")),
            _ => return None,
        };
        let name = step.spec[property].as_str()?.to_owned();
        let place = match place {
            None => String::new(),
            // In a VPC or cluster that does not exist yet, every name is free.
            Some(place) => reference::resolve(&step.spec[place], &plan.known).as_str()?.to_owned(),
        };
        Some(Name { address: step.address.clone(), name, place })
    });
    names.collect()
}

/// What is to be said of whose they are. `deployment` is the plan file's name.
pub fn names(held: &[(Name, Holder)], deployment: &str) -> Vec<Finding> {
    let taken = held.iter().filter_map(|(name, holder)| match holder {
        Holder::Stranger(stranger) => Some(taken(name, stranger, deployment)),
        Holder::Nobody | Holder::Ours | Holder::Unknown(_) => None,
    });
    taken.chain(not_checked(held)).collect()
}

fn taken(Name { address, name, .. }: &Name, stranger: &Stranger, deployment: &str) -> Finding {
    let Stranger { id, deployment: theirs, is_deleted } = stranger;
    let what = words(address.kind());
    let whose = match (theirs, id.as_str()) {
        (Some(theirs), _) => format!("exists already and is of the deployment {theirs}"),
        (None, "") => "is another account's, or in another region, or may not be looked at".to_owned(),
        (None, _) => "exists already and has no tags of ce-aws".to_owned(),
    };
    let id = if id.is_empty() || id == name { String::new() } else { format!(" ({id})") };
    let rename = "give this deployment another `name`";
    let adopt = format!(
        "if it is this deployment's and lost its tags, tag it ce-aws:deployment={deployment} and ce-aws:address={address}"
    );
    let (state, hint) = match (is_deleted, theirs.is_some()) {
        // S3 says the same where nothing is and the caller may not list (S3 API reference, HeadBucket).
        _ if stranger.id.is_empty() => {
            ("", format!("allow s3:ListBucket on it to whoever runs ce-aws; if that is allowed, {rename}"))
        }
        (true, _) => (
            "; it is marked for deletion, and its name stays taken until it is gone",
            format!(
                "bring it back with `aws secretsmanager restore-secret --secret-id {name}` and see whose it is: {adopt}; \
                 or {rename}, or wait until it is gone"
            ),
        ),
        (false, true) => ("", rename.to_owned()),
        (false, false) => ("", format!("{rename}, or delete what is there; {adopt}, and apply takes it over")),
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
        "ca-certificate" | "internal-certificate" => "secret".to_owned(),
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
    (!unknown.is_empty()).then(|| {
        warning(
            "name/not-checked",
            format!("whether these names are free could not be checked: {}", unknown.join("; ")),
            "allow whoever runs ce-aws to describe them; otherwise apply stops where AWS refuses a name that is taken",
        )
    })
}
