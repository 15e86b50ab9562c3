//! What to do when AWS refuses to create something because a similar resource exists that is not ours.

use crate::engine::failure::Failure;
use crate::kinds::names;

/// A hint for AWS's error code: another name only helps where the name is taken.
pub fn hint(failure: &Failure, deployment: &str) -> String {
    let hint = match failure.code.as_str() {
        "Resource.AlreadyAssociated" => {
            "something outside the deployment uses it: find out what with `aws ec2 describe-addresses` and `aws ec2 \
             describe-nat-gateways`; release it, or restore the tags if it was the deployment's"
        }
        "InvalidSubnet.Conflict" => {
            "its CIDR overlaps with another subnet of the VPC: choose another in the plan file, or delete that subnet"
        }
        "DuplicateListener" | "DuplicateListenerException" => {
            "the load balancer already has a listener on this port: choose another port in the plan file, or delete it"
        }
        "MountTargetConflict" => {
            "the file system already has a mount target in this zone, in another subnet: delete that one, or choose \
             its subnet in the plan file"
        }
        "FlowLogAlreadyExists" => {
            "the VPC already has such a flow log to the same log group: delete it, or give it this deployment's tags"
        }
        // Only this program uses the creation token.
        "FileSystemAlreadyExists" => {
            "it belongs to this deployment and has lost its tags: `ce-aws plan` says how to restore them"
        }
        "AccessPointAlreadyExists"
        | "RouteAlreadyExists"
        | "NetworkAclEntryAlreadyExists"
        | "InvalidPermission.Duplicate" => "somebody has just added the same: run the command again to plan with it",
        "BucketAlreadyExists" => {
            "bucket names are global, and another account has this one: choose another name for the deployment"
        }
        _ => {
            return format!(
                "something of this name exists without the tag {}={deployment}, so it is not this deployment's: choose \
                 another name for the deployment, or delete it",
                names::DEPLOYMENT,
            );
        }
    };
    hint.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::failure::Cause;

    #[test]
    fn another_name_is_advised_only_where_a_name_is_taken() {
        let hint_for =
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
            assert!(hint_for(code).contains("choose another name for the deployment"), "{code}: {}", hint_for(code));
        }
        for code in others {
            assert!(!hint_for(code).contains("another name"), "{code}: {}", hint_for(code));
        }
    }
}
