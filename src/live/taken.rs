//! What to do when AWS will not make something because the like is there, and it is not ours.

use crate::engine::failure::Failure;
use crate::kinds::names;

/// By AWS's code, since only a name can be taken so that another helps.
pub fn hint(failure: &Failure, deployment: &str) -> String {
    let code = failure.code.as_str();
    match code {
        "Resource.AlreadyAssociated" => {
            "something that is not ours uses it already: see `aws ec2 describe-addresses` and `aws ec2 describe-nat-gateways` \
             for what; give that its tags back if it was ours, or release it"
                .to_owned()
        }
        "InvalidSubnet.Conflict" => {
            "its addresses overlap with those of another subnet of the VPC: choose others in the plan file, or remove that \
             subnet"
                .to_owned()
        }
        "DuplicateListener" | "DuplicateListenerException" => {
            "the load balancer has a listener on this port already: choose another port in the plan file, or remove it"
                .to_owned()
        }
        "MountTargetConflict" => {
            "the file system has a mount target in this zone already, in another subnet: remove that one, or choose its \
             subnet in the plan file"
                .to_owned()
        }
        "FlowLogAlreadyExists" => {
            "the VPC has such a flow log to the same log group already: remove it, or give it the tags of this deployment"
                .to_owned()
        }
        // Made with a token that only this program uses.
        "FileSystemAlreadyExists" => {
            "it was made for this deployment and has lost its tags: `ce-aws plan` says how to give them back".to_owned()
        }
        "AccessPointAlreadyExists" | "RouteAlreadyExists" | "NetworkAclEntryAlreadyExists" | "InvalidPermission.Duplicate" => {
            "the like has been added meanwhile: run the same command again, which takes it into account".to_owned()
        }
        "BucketAlreadyExists" => {
            "bucket names are shared by all accounts, and somebody else has this one: choose another name for the deployment"
                .to_owned()
        }
        _ => format!(
            "something of this name exists and does not carry the tag {}={deployment}: it is not ours; choose another name \
             for the deployment, or remove it",
            names::DEPLOYMENT,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::failure::Cause;

    #[test]
    fn another_name_is_advised_only_where_a_name_is_taken() {
        let told =
            |code: &str| hint(&Failure { code: code.to_owned(), ..Failure::of(Cause::Taken, "it is there") }, "prod");
        let names = [
            "EntityAlreadyExists",
            "BucketAlreadyExists",
            "BucketAlreadyOwnedByYou",
            "DuplicateLoadBalancerName",
            "DuplicateTargetGroupName",
            "InvalidGroup.Duplicate",
            "ResourceExistsException",
            "ResourceAlreadyExistsException",
            "AlreadyExistsException",
        ];
        let others = [
            "Resource.AlreadyAssociated",
            "InvalidSubnet.Conflict",
            "DuplicateListener",
            "MountTargetConflict",
            "FlowLogAlreadyExists",
            "FileSystemAlreadyExists",
            "AccessPointAlreadyExists",
            "RouteAlreadyExists",
            "NetworkAclEntryAlreadyExists",
            "InvalidPermission.Duplicate",
        ];
        for code in names {
            assert!(told(code).contains("choose another name for the deployment"), "{code}: {}", told(code));
        }
        for code in others {
            assert!(!told(code).contains("another name"), "{code}: {}", told(code));
        }
    }
}
