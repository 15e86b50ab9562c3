//! The application load balancer.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Seconds, Spec};
use crate::engine::reference::Ref;
use crate::engine::set::Set;

use super::bucket::Bucket;
use super::security_group::SecurityGroup;
use super::subnet::Subnet;

/// An application load balancer. Outputs: `id` and `arn` (the ARN), `dns`, `zone` (its hosted zone), `name`,
/// `full_name` (`app/<name>/<id>`, as CloudWatch knows it).
///
/// Its name must be `cx.names.stack()`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadBalancer {
    pub name: String,
    /// `internal` or `internet-facing`.
    pub scheme: String,
    pub subnets: Set<Ref<Subnet>>,
    pub groups: Set<Ref<SecurityGroup>>,
    pub deletion_protection: bool,
    /// Seconds.
    pub idle_timeout: u32,
    pub drop_invalid_headers: bool,
    /// `None`: off. AWS writes a test object when it is turned on, so that the bucket's policy must be there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_logs: Option<AccessLogs>,
}

/// Where access logs go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessLogs {
    /// The bucket's `id`, its name.
    pub bucket: Ref<Bucket>,
    /// Without a leading or trailing slash; may be empty.
    pub prefix: String,
}

impl Spec for LoadBalancer {
    const KIND: Kind = Kind {
        immutable: &["name", "scheme"],
        // Public Terraform logs: active after 131 to 187 s.
        seconds: Seconds { create: 2.0, ready: 150.0, gone: 20.0, patience: 900.0 },
        ..Kind::new("load-balancer", Part::Ingress)
    };
}
