//! Existing resources that deployments use, and the proof that they are left as they were.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::account::{Account, text};

/// What `existing_resources.py` makes in an account: ids and ARNs.
#[derive(Debug, Deserialize)]
pub struct ExistingResources {
    pub vpc: String,
    /// The private ones, with a route to the internet.
    pub subnets: [String; 2],
    pub cluster: String,
    /// Listens on port 80 and forwards to the target group. Its security group admits the VPC to 80, 443 and 8080 to
    /// 8443.
    pub load_balancer: String,
    pub target_group: String,
    pub task_role: String,
    pub execution_role: String,
    /// May do what both of the others may.
    pub shared_role: String,
    /// A policy that allows everything.
    pub boundary: String,
    pub key: String,
    pub certificate: String,
    /// Two certificate authorities, as PEM.
    pub authorities: [String; 2],
    /// The first one of them.
    pub ca_secret: String,
    /// Addresses of proxies, with a password.
    pub proxy_secret: String,
    /// How everything in the account was, by service, list and id.
    #[serde(skip)]
    before: BTreeMap<String, Value>,
    /// The calls of the journal that made it.
    #[serde(skip)]
    made_by: usize,
}

impl ExistingResources {
    pub fn new(account: &Account) -> Self {
        Self::beside(account, "")
    }

    /// The same with more in the account: a script that runs after the first one.
    pub fn beside(account: &Account, more: &str) -> Self {
        // It has been there for long: nothing of it is still on its way to being known everywhere.
        let usual = account.get("settings");
        let delays = ["iam.propagation", "iam.pass_role", "s3.policy_propagation"];
        account.post("settings", &delays.map(|delay| (delay, Value::from(0))).into_iter().collect());
        let printed = account.by_hand(&format!("{}\n{more}", include_str!("existing_resources.py")));
        account.post("settings", &delays.map(|delay| (delay, usual[delay].clone())).into_iter().collect());
        let mut resources: Self = serde_json::from_str(&printed).expect("the script prints JSON");
        resources.before = snapshot(&account.read());
        resources.made_by = account.journal(0).len();
        resources
    }

    /// The lines of a plan file for its VPC and subnets.
    pub fn network(&self) -> String {
        let [one, other] = &self.subnets;
        format!("[existing]\nvpc = \"{}\"\nprivate_subnets = [\"{one}\", \"{other}\"]\n", self.vpc)
    }

    /// Fails if anything that was in the account is gone or different, or if a call that changes something has named
    /// it otherwise than as the parent of something else.
    pub fn assert_untouched(&self, account: &Account) {
        let after = snapshot(&account.read());
        for (name, was) in &self.before {
            let is = after.get(name).unwrap_or_else(|| panic!("{name} is gone"));
            assert_eq!(was, is, "{name} has changed");
        }
        let ids = self.ids();
        let named: BTreeSet<String> = account.journal(self.made_by).iter().flat_map(|call| names(call, &ids)).collect();
        let wrong: Vec<_> = named.iter().filter(|name| !AS_PARENT.contains(&name.as_str())).collect();
        assert!(wrong.is_empty(), "changing calls name existing resources: {wrong:#?}");
    }

    /// Every id and ARN that was in the account.
    fn ids(&self) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        self.before.values().for_each(|item| collect_ids(item, "", &mut ids));
        assert!(ids.len() > 30 && ids.contains(&self.vpc) && ids.contains(&self.cluster), "{ids:?}");
        ids
    }
}

/// What may name an existing resource: `service operation parameter`.
const AS_PARENT: &[&str] = &[
    // In its network.
    "ec2 CreateSecurityGroup VpcId",
    "efs CreateMountTarget SubnetId",
    "elbv2 CreateLoadBalancer Subnets",
    "elbv2 CreateTargetGroup VpcId",
    "ec2 CreateClientVpnEndpoint VpcId",
    "ec2 AssociateClientVpnTargetNetwork SubnetId",
    "ecs CreateService networkConfiguration.awsvpcConfiguration.subnets",
    "ecs UpdateService networkConfiguration.awsvpcConfiguration.subnets",
    // Let through by groups of ours.
    "ec2 AuthorizeSecurityGroupIngress IpPermissions.UserIdGroupPairs.GroupId",
    "ec2 RevokeSecurityGroupIngress IpPermissions.UserIdGroupPairs.GroupId",
    // Behind its load balancer; ECS registers the targets.
    "elbv2 CreateListener LoadBalancerArn",
    "elbv2 CreateListener Certificates.CertificateArn",
    "elbv2 ModifyListener Certificates.CertificateArn",
    "ecs CreateService loadBalancers.targetGroupArn",
    "ecs UpdateService loadBalancers.targetGroupArn",
    // In its cluster.
    "ecs CreateService cluster",
    "ecs UpdateService cluster",
    "ecs DeleteService cluster",
    "ecs ExecuteCommand cluster",
    "ecs RegisterTaskDefinition tags.value",
    // With its roles, policies, secrets and key.
    "ecs RegisterTaskDefinition taskRoleArn",
    "ecs RegisterTaskDefinition executionRoleArn",
    "ecs RegisterTaskDefinition containerDefinitions.secrets.valueFrom",
    "efs PutFileSystemPolicy Policy",
    "efs CreateFileSystem KmsKeyId",
    "backup CreateBackupVault EncryptionKeyArn",
    "iam CreateRole PermissionsBoundary",
    "iam PutRolePermissionsBoundary PermissionsBoundary",
    "iam PutRolePolicy PolicyDocument",
];

/// Where the inventory has what, and which field identifies it.
const LISTS: &[(&str, &str, &str)] = &[
    ("ec2", "vpcs", "VpcId"),
    ("ec2", "subnets", "SubnetId"),
    ("ec2", "internet_gateways", "InternetGatewayId"),
    ("ec2", "addresses", "AllocationId"),
    ("ec2", "nat_gateways", "NatGatewayId"),
    ("ec2", "route_tables", "RouteTableId"),
    ("ec2", "security_groups", "GroupId"),
    ("ec2", "security_group_rules", "SecurityGroupRuleId"),
    ("ec2", "network_acls", "NetworkAclId"),
    ("ec2", "flow_logs", "FlowLogId"),
    ("iam", "roles", "Arn"),
    ("iam", "policies", "Arn"),
    ("efs", "file_systems", "FileSystemId"),
    ("backup", "vaults", "BackupVaultName"),
    ("elb", "load_balancers", "LoadBalancerArn"),
    ("elb", "target_groups", "TargetGroupArn"),
    ("ecs", "clusters", "clusterArn"),
    ("ecs", "task_definitions", "taskDefinitionArn"),
    ("logs", "log_groups", "arn"),
    ("s3", "buckets", "Name"),
    ("secrets", "secrets", "ARN"),
    ("kms", "keys", "Arn"),
    ("acm", "certificates", "CertificateArn"),
];

/// What changes by itself, or by being used.
const VOLATILE: &[&str] =
    &["Tasks", "Objects", "storedBytes", "LastAccessedDate", "LastChangedDate", "InUseBy", "AttachmentCount"];

/// Everything in an account by service, list and id.
fn snapshot(read: &Value) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (service, list, id) in LISTS {
        for item in read[service][list].as_array().unwrap_or_else(|| panic!("the inventory has no {service} {list}")) {
            let mut item = item.clone();
            if let Some(fields) = item.as_object_mut() {
                fields.retain(|field, _| !VOLATILE.contains(&field.as_str()));
            }
            all.insert(format!("{service} {list} {}", text(&item[id])), item);
        }
    }
    all
}

/// The ids and ARNs among the strings of a description, without those that are not of the account alone.
fn collect_ids(value: &Value, field: &str, ids: &mut BTreeSet<String>) {
    const PREFIXES: [&str; 10] = ["vpc-", "subnet-", "sg-", "sgr-", "rtb-", "acl-", "igw-", "nat-", "eipalloc-", "fl-"];
    match value {
        Value::Object(fields) => fields.iter().for_each(|(field, value)| collect_ids(value, field, ids)),
        Value::Array(items) => items.iter().for_each(|item| collect_ids(item, field, ids)),
        Value::String(text) => {
            let is_arn = field.to_lowercase().ends_with("arn") && text.matches(':').count() >= 5;
            let is_theirs = is_arn && !text.ends_with(":root") && !text.contains(":iam::aws:");
            let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
            if is_theirs || PREFIXES.iter().any(|prefix| text.strip_prefix(prefix).is_some_and(is_hex)) {
                ids.insert(text.trim_end_matches(":*").to_owned());
            }
        }
        _ => {}
    }
}

/// Where a call that changes something names one of `ids`: `service operation parameter`.
fn names(call: &Value, ids: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    if call["mutating"] == true && call["code"].is_null() {
        places(&call["request"], "", ids, &mut found);
    }
    let operation = format!("{} {}", text(&call["service"]), text(&call["operation"]));
    found.into_iter().map(|place| format!("{operation} {}", place.trim_start_matches('.'))).collect()
}

fn places(value: &Value, place: &str, ids: &BTreeSet<String>, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(field, value)| places(value, &format!("{place}.{field}"), ids, found));
        }
        Value::Array(items) => items.iter().for_each(|item| places(item, place, ids, found)),
        Value::String(text) if ids.iter().any(|id| text.contains(id.as_str())) => found.push(place.to_owned()),
        _ => {}
    }
}

#[test]
fn existing_resources_pass_the_checks_and_changes_are_seen() {
    let account = Account::new(crate::deploy::SCALE);
    let resources = ExistingResources::new(&account);
    resources.assert_untouched(&account);

    account.by_hand(&format!(
        "ec2.create_security_group(GroupName='ours', Description='ours', VpcId='{}')\n\
         ec2.create_tags(Resources=['{}'], Tags=[{{'Key': 'a', 'Value': 'b'}}])\n\
         ec2.delete_tags(Resources=['{}'], Tags=[{{'Key': 'a'}}])",
        resources.vpc, resources.subnets[0], resources.subnets[0]
    ));
    let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| resources.assert_untouched(&account)));
    let said = found.expect_err("a subnet was tagged");
    let said = said.downcast_ref::<String>().expect("a message");
    assert!(said.contains("ec2 CreateTags Resources") && !said.contains("CreateSecurityGroup"), "{said}");
}

#[test]
fn two_half_default_routes_reach_the_internet() {
    let account = Account::new(crate::deploy::SCALE);
    let resources = ExistingResources::new(&account);
    account.by_hand(&format!(
        r#"
table = ec2.describe_route_tables(Filters=[{{"Name": "association.subnet-id", "Values": ["{}"]}}])["RouteTables"][0]
nat = next(r["NatGatewayId"] for r in table["Routes"] if r.get("DestinationCidrBlock") == "0.0.0.0/0")
ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")
for half in ("0.0.0.0/1", "128.0.0.0/1"):
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock=half, NatGatewayId=nat)
"#,
        resources.subnets[0]
    ));
    let plan = format!("name = \"prod\"\nrelease = \"5.0.0\"\n{}", resources.network());
    let planned = crate::product::Product::with_plan(&account, &plan).expect(0, &["plan", "FILE"]);
    assert!(!planned.stdout.contains("subnet/"), "{}", planned.stdout);
}
