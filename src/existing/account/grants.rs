//! The permissions to read quotas, counts and names of the account.

use crate::aws::grant::{Grant, Use};
use crate::kinds::place::Place;

const EC2: [&str; 7] = [
    "DescribeVpcs",
    "DescribeInternetGateways",
    "DescribeSecurityGroups",
    "DescribeAddresses",
    "DescribeNatGateways",
    "DescribeSubnets",
    "DescribeRouteTables",
];

/// For counts, quotas, names and the caller's own permissions. Some services' quotas need two more actions (Service
/// Authorization Reference, Service Quotas).
pub fn grants(place: &Place) -> Vec<Grant> {
    let names = &place.names;
    let ask = |service: &str, actions: &[&str]| Grant::new(Use::Ask, service, actions);
    let balancing = ["DescribeLoadBalancers", "DescribeTargetGroups", "DescribeTags", "DescribeAccountLimits"];
    let containers = ["ListClusters", "DescribeClusters", "DescribeServices", "ListTasks", "DescribeTasks"];
    let buckets = format!("arn:{}:s3:::{}*", names.partition, names.bucket_prefix());
    let support = format!("arn:{}:iam::aws:policy/AWSSupportAccess", names.partition);
    // A role that does not exist has no path.
    let roles = names.arn_global("iam", &format!("role/{}", names.role("*")));
    let callers = ["user/*", "role/*"].map(|sort| names.arn_global("iam", sort));
    vec![
        ask("ec2", &EC2),
        ask("elasticloadbalancing", &balancing),
        ask("elasticfilesystem", &["DescribeFileSystems"]),
        ask("ecs", &containers),
        ask("backup", &["ListBackupVaults"]),
        ask("s3", &["ListAllMyBuckets"]),
        ask("s3", &["ListBucket"]).on([buckets]),
        ask("servicequotas", &["ListServiceQuotas", "GetAWSDefaultServiceQuota"]),
        ask("iam", &["GetAccountSummary"]),
        ask("iam", &["GetRole"]).on([roles]),
        ask("iam", &["ListEntitiesForPolicy"]).on([support]).called("ReadSupportPolicy"),
        ask("iam", &["SimulatePrincipalPolicy", "GetRole"]).on(callers).called("ReadOwnPermissions"),
    ]
}
