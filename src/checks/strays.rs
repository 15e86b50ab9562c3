//! What lost its tags by hand, and would be made a second time or be in the way.

use crate::engine::plan::Finding;
use crate::engine::reference::Outputs;
use crate::existing::account::strays::{Stray, Strays};

use super::finding::{refusal, warning};
use super::names::words;

/// What is to be said of it. `deployment` is the plan file's name, `region` its region.
pub fn strays(strays: &Strays, deployment: &str, region: &str) -> Vec<Finding> {
    let taken = strays.found.iter().map(|stray| taken(stray, deployment, region));
    taken.chain(not_checked(strays)).collect()
}

fn taken(stray: &Stray, deployment: &str, region: &str) -> Finding {
    let Stray { address, there, used_by, deployment: theirs, is_lost } = stray;
    let (what, id) = (words(address.kind()), shown(&there.outputs, &there.id));
    let place = match used_by {
        Some(user) => format!("is in use by {user} in the place of {address}"),
        None => format!("is where {address} would be made"),
    };
    let (tags, hint) = match theirs {
        Some(theirs) if !is_lost => (
            format!("is of the deployment {theirs}"),
            "remove it, or move it out of what is this deployment's".to_owned(),
        ),
        _ => {
            let tags = [("deployment", deployment), ("address", address.as_str())];
            let adopt = adopt(address.kind(), &there.id, &tags, region);
            let lacks = "lacks the tags that would say whose it is".to_owned();
            (
                lacks,
                format!(
                    "if it is this deployment's and lost its tags, give them back, and apply takes it over: {adopt}; otherwise remove it"
                ),
            )
        }
    };
    Finding {
        address: Some(address.clone()),
        ..refusal("name/taken", format!("the {what} {id} {place}, and {tags}"), hint)
    }
}

/// An address by what people know it by too.
fn shown(outputs: &Outputs, id: &str) -> String {
    outputs.get("address").map_or_else(|| id.to_owned(), |address| format!("{address} ({id})"))
}

/// The command that gives something its tags back.
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
    (!unread.is_empty()).then(|| {
        warning(
            "name/not-checked",
            format!("whether something without tags is in the way could not be checked: {}", unread.join("; ")),
            "allow whoever runs ce-aws to describe them; otherwise apply may make what is there a second time, or stop where AWS refuses",
        )
    })
}
