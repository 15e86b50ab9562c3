//! ARNs, host names and the names of services, by partition. The sources are in `docs/aws-behaviour.md`, "Partitions".

use std::fmt;

/// A partition of AWS, with its own accounts and ARNs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Partition {
    Standard,
    China,
    GovCloud,
}

impl Partition {
    /// All supported partitions.
    pub const ALL: [Self; 3] = [Self::Standard, Self::China, Self::GovCloud];

    /// Its name, as in the second part of an ARN.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "aws",
            Self::China => "aws-cn",
            Self::GovCloud => "aws-us-gov",
        }
    }

    /// The partition with this name.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }

    /// The partition that a region is in, by the beginning of its name.
    pub fn of_region(region: &str) -> Self {
        if region.starts_with("cn-") {
            Self::China
        } else if region.starts_with("us-gov-") {
            Self::GovCloud
        } else {
            Self::Standard
        }
    }

    /// The end of the host names of services.
    pub const fn dns_suffix(self) -> &'static str {
        match self {
            Self::China => "amazonaws.com.cn",
            Self::Standard | Self::GovCloud => STANDARD_SUFFIX,
        }
    }

    /// A host name without the partition's suffix, if it has that: `x.dkr.ecr.us-east-1`.
    pub fn strip_suffix(self, host: &str) -> Option<&str> {
        host.strip_suffix(self.dns_suffix())?.strip_suffix('.')
    }

    /// Values of `kms:ViaService` when a service of a region uses a key.
    ///
    /// AWS KMS's guide ends them in `amazonaws.com`; whether China has a suffix of its own there is unverified, and
    /// both name the same service.
    pub fn via_service(self, service: &str, region: &str) -> Vec<String> {
        let suffixes: &[&str] = match self {
            Self::China => &[STANDARD_SUFFIX, "amazonaws.com.cn"],
            Self::Standard | Self::GovCloud => &[STANDARD_SUFFIX],
        };
        suffixes.iter().map(|suffix| format!("{service}.{region}.{suffix}")).collect()
    }
}

const STANDARD_SUFFIX: &str = "amazonaws.com";

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_own_arns_hosts_and_key_uses() {
        let of = |region: &str| {
            let partition = Partition::of_region(region);
            (partition.as_str(), partition.dns_suffix(), partition.via_service("backup", region))
        };
        let (aws, china) = ("amazonaws.com", "amazonaws.com.cn");
        let via = |region: &str, suffix: &str| format!("backup.{region}.{suffix}");
        assert_eq!(of("eu-west-1"), ("aws", aws, vec![via("eu-west-1", aws)]));
        assert_eq!(of("us-gov-west-1"), ("aws-us-gov", aws, vec![via("us-gov-west-1", aws)]));
        assert_eq!(of("cn-north-1"), ("aws-cn", china, vec![via("cn-north-1", aws), via("cn-north-1", china)]));
    }

    #[test]
    fn a_partition_is_known_by_its_name_and_a_host_by_its_suffix() {
        for partition in Partition::ALL {
            assert_eq!(Partition::named(partition.as_str()), Some(partition));
            let host = format!("ecs.x.{}", partition.dns_suffix());
            assert_eq!(partition.strip_suffix(&host), Some("ecs.x"));
        }
        assert_eq!(Partition::named("aws-iso"), None);
        assert_eq!(Partition::Standard.strip_suffix("ecs.x.amazonaws.com.cn"), None);
        assert_eq!(Partition::China.strip_suffix("notamazonaws.com.cn"), None);
    }
}
