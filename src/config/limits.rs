//! How many rules AWS allows.

/// How many rules AWS allows. Source: Amazon VPC user guide, "Amazon VPC quotas"; the default is AWS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In one direction of a security group.
    pub rules: usize,
    /// Security groups on a network interface.
    pub groups: usize,
    /// In one direction of a network ACL, the final deny entry included.
    pub entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rules: 60, groups: 5, entries: 20 }
    }
}

/// No interface can have more rules, whatever the quotas (Amazon VPC user guide, "Amazon VPC quotas").
pub const MOST_RULES: usize = 1000;

/// ECS accepts no more groups for a task (ECS API reference, AwsVpcConfiguration).
pub const MOST_GROUPS: usize = 5;

impl Limits {
    /// How many groups there may be on an interface.
    pub fn groups_used(self) -> usize {
        self.groups.min(MOST_GROUPS).min(MOST_RULES / self.rules.max(1)).max(1)
    }

    /// How many ranges each of the groups has room for; `other`: rules of the first group for other traffic.
    pub(super) fn room(self, ports: usize, other: usize) -> Vec<usize> {
        let first = self.rules.saturating_sub(other) / ports;
        let more = std::iter::repeat_n(self.rules / ports, self.groups_used() - 1);
        std::iter::once(first).chain(more).collect()
    }
}
