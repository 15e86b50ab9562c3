//! Resources that lost their tags, which would be created again or conflict with new ones.

use crate::engine::plan::Finding;
use crate::engine::reference::Outputs;
use crate::existing::account::strays::{Stray, Strays};

use super::finding::{refusal, warning};
use super::names::words;

/// Findings about them. `deployment` is the plan file's name, `region` its region.
pub fn strays(strays: &Strays, deployment: &str, region: &str) -> Vec<Finding> {
    let taken = strays.found.iter().map(|stray| taken(stray, deployment, region));
    taken.chain(not_checked(strays)).collect()
}

fn taken(stray: &Stray, deployment: &str, region: &str) -> Finding {
    let Stray { address, there, used_by, deployment: theirs, is_lost } = stray;
    let (what, id) = (words(address.kind()), shown(&there.outputs, &there.id));
    let place = match used_by {
        Some(user) => format!("is used by {user} in place of {address}"),
        None => format!("occupies the place of {address}"),
    };
    let (tags, hint) = match theirs {
        Some(theirs) if !is_lost => {
            (format!("belongs to the deployment {theirs}"), "remove it, or move it out of this deployment".to_owned())
        }
        _ => {
            let tags = [("deployment", deployment), ("address", address.as_str())];
            let adopt = adopt(address.kind(), &there.id, &tags, region);
            let hint = format!("if it belongs to this deployment, tag it, then apply: {adopt}; otherwise remove it");
            ("has no complete tags of ce-aws".to_owned(), hint)
        }
    };
    Finding {
        address: Some(address.clone()),
        ..refusal("name/taken", format!("the {what} {id} {place}, and {tags}"), hint)
    }
}

/// The id, with the IP address of an Elastic IP address.
fn shown(outputs: &Outputs, id: &str) -> String {
    outputs.get("address").map_or_else(|| id.to_owned(), |address| format!("{address} ({id})"))
}

/// The command that tags a resource.
fn adopt(kind: &str, id: &str, tags: &[(&str, &str)], region: &str) -> String {
    let tags: Vec<_> = tags.iter().map(|(key, value)| format!("Key=ce-aws:{key},Value={value}")).collect();
    let call = match kind {
        "access-point" => "efs tag-resource --resource-id",
        "listener" => "elbv2 add-tags --resource-arns",
        _ => "ec2 create-tags --resources",
    };
    format!("aws {call} {id} --region {region} --tags {}", tags.join(" "))
}

fn not_checked(Strays { unread, .. }: &Strays) -> Option<Finding> {
    let unread: Vec<_> = unread.iter().map(|(address, why)| format!("{address} ({why})")).collect();
    (!unread.is_empty()).then_some(warning(
        "name/not-checked",
        format!("whether untagged resources exist could not be checked: {}", unread.join("; ")),
        "grant the caller these calls; otherwise apply may create a second resource, or fail at a conflict",
    ))
}
