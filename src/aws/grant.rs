//! The permissions that calls need, declared next to the calls: `ce-aws policy` makes its policies of them.

use std::collections::{BTreeMap, BTreeSet};

/// What calls are for, and so which commands make them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// Reading the deployment: every command.
    See,
    /// Reading which deployments there are: `ce-aws list`.
    List,
    /// Reading existing resources, images and quotas: commands that plan a deployment.
    Ask,
    /// Creating and changing.
    Make,
    /// Deleting what holds no data.
    Remove,
    /// Deleting data.
    Erase,
    /// Backups, restores, data steps, and commands in the running task.
    Upgrade,
    /// A tunnel through the running task.
    Open,
    /// Letting people into the client VPN.
    Connect,
    /// Reading AWS's list prices, and what else the cost of a deployment depends on.
    Price,
    /// Reading the metrics of what is deployed.
    Measure,
}

impl Use {
    const fn word(self) -> &'static str {
        match self {
            Self::See | Self::List | Self::Ask | Self::Price | Self::Measure => "Read",
            Self::Make => "Write",
            Self::Remove => "Delete",
            Self::Erase => "DeleteData",
            Self::Upgrade => "Upgrade",
            Self::Open => "Open",
            Self::Connect => "Connect",
        }
    }
}

/// The tag that conditions are about (see `kinds::names`).
const DEPLOYMENT: &str = "ce-aws:deployment";

/// A condition's operator and key.
type Key = (&'static str, String);

/// Some actions on some resources under some conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub usage: Use,
    /// The id of its statement: grants with one id have conditions on the same keys, and become one statement.
    pub id: String,
    pub actions: BTreeSet<String>,
    /// ARNs; none stands for `*`: for actions without resource-level permissions, or that only read.
    pub resources: BTreeSet<String>,
    pub conditions: BTreeMap<Key, BTreeSet<String>>,
}

impl Grant {
    /// Actions of a service, on `*`.
    pub fn new(usage: Use, service: &str, actions: &[&str]) -> Self {
        Self {
            usage,
            id: format!("{}{}", usage.word(), word(service)),
            actions: actions.iter().map(|action| format!("{service}:{action}")).collect(),
            resources: BTreeSet::new(),
            conditions: BTreeMap::new(),
        }
    }

    /// On these resources only, in a statement of their own.
    pub fn on(mut self, resources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.resources.extend(resources.into_iter().map(Into::into));
        self.marked("Named")
    }

    /// The call creates something with the deployment's tag.
    pub fn tagged(self, deployment: &str) -> Self {
        self.when("StringEquals", &format!("aws:RequestTag/{DEPLOYMENT}"), [deployment]).marked("New")
    }

    /// The call's resource has the deployment's tag.
    pub fn of(self, deployment: &str) -> Self {
        self.when("StringEquals", &format!("aws:ResourceTag/{DEPLOYMENT}"), [deployment]).marked("Own")
    }

    /// The call gives its resource, which belongs to no deployment yet, the deployment's tag.
    pub fn adopted(self, deployment: &str) -> Self {
        self.tagged(deployment).when("Null", &format!("aws:ResourceTag/{DEPLOYMENT}"), ["true"]).marked("Untagged")
    }

    /// Only if the key has one of these values.
    pub fn when(
        mut self,
        operator: &'static str,
        key: &str,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let values = values.into_iter().map(Into::into);
        self.conditions.entry((operator, key.to_owned())).or_default().extend(values);
        self
    }

    /// In a statement with another id.
    pub fn called(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    /// Of several marks the last one counts.
    fn marked(mut self, mark: &str) -> Self {
        let word = self.usage.word();
        let rest = self.id.strip_prefix(word).unwrap_or_default();
        let bare =
            ["Named", "New", "Own", "Untagged"].iter().find_map(|known| rest.strip_prefix(known)).unwrap_or(rest);
        self.id = format!("{word}{mark}{bare}");
        self
    }
}

/// A service's name in statement ids.
fn word(service: &str) -> &str {
    match service {
        "acm" => "Certificates",
        "backup" => "Backup",
        "backup-storage" => "BackupStorage",
        "cloudwatch" => "Metrics",
        "ec2" => "Ec2",
        "ecr" => "Images",
        "ecs" => "Ecs",
        "elasticfilesystem" => "Efs",
        "elasticloadbalancing" => "LoadBalancing",
        "events" => "Events",
        "iam" => "Iam",
        "kms" => "Keys",
        "logs" => "Logs",
        "pricing" => "Prices",
        "route53" => "Names",
        "s3" => "S3",
        "secretsmanager" => "Secrets",
        "servicequotas" => "Quotas",
        "sns" => "Notices",
        "ssm" => "Tunnels",
        "ssmmessages" => "Sessions",
        _ => "Other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_of_different_scope_are_different_statements() {
        let grant = || Grant::new(Use::Make, "ec2", &["CreateTags"]);
        assert_eq!(grant().id, "WriteEc2");
        assert_eq!(grant().on(["arn:a"]).id, "WriteNamedEc2");
        assert_eq!(grant().on(["arn:a"]).tagged("prod").id, "WriteNewEc2");
        assert_eq!(grant().on(["arn:a"]).of("prod").id, "WriteOwnEc2");
        assert_eq!(grant().on(["arn:a"]).adopted("prod").id, "WriteUntaggedEc2");
    }
}
