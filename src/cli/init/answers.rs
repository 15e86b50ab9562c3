//! What was answered, and the plan file that says just that.

use std::path::Path;

use time::Date;

use crate::config::{self, Problems, Region, SCHEMA_LINE, Throughput};
use crate::release::{Catalogue, Label, Package, Release};

/// Answers as they were given; [`Answers::objections`] says what the plan file's reader has against them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    pub name: String,
    pub release: String,
    /// The label that is consented to for good.
    pub allow: Option<String>,
    pub region: Option<String>,
    pub package: String,
    /// `None`: the default.
    pub throughput: Option<Throughput>,
    /// `None`: a new VPC.
    pub network: Option<Network>,
    pub front: Front,
    pub certificate: Option<String>,
    pub cluster: Option<String>,
    pub task_role: Option<String>,
    pub execution_role: Option<String>,
    /// Empty: the VPC itself.
    pub allowed: Vec<String>,
    pub http_proxy: Option<String>,
    pub https_proxy: Option<String>,
    pub ca: Option<String>,
}

/// A VPC of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    pub vpc: String,
    pub subnets: [String; 2],
}

/// How the UI is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Front {
    /// Through a load balancer that ce-aws makes.
    #[default]
    New,
    /// Through a load balancer of the user's.
    LoadBalancer(String),
    /// Through a target group of the user's.
    TargetGroup(String),
    /// At the task itself.
    Task,
}

impl Answers {
    /// What is taken where nothing is answered.
    pub fn default_for(name: &str, today: Date) -> Self {
        let release = Catalogue::effective().recommended(today);
        Self {
            name: name.to_owned(),
            release: release.map(|release| release.version.to_string()).unwrap_or_default(),
            package: Package::default().as_str().to_owned(),
            ..Self::default()
        }
    }

    /// The release, if it is known.
    pub fn release(&self) -> Option<&'static Release> {
        Catalogue::effective().get(self.release.parse().ok()?)
    }

    /// The label of the release that must still be consented to with each command.
    pub fn consent_needed(&self) -> Option<Label> {
        let release = self.release()?;
        let given = Label::ALL.into_iter().find(|label| Some(label.as_str()) == self.allow.as_deref());
        (release.label > given.unwrap_or(Label::VendorTested)).then_some(release.label)
    }

    /// What the plan file's reader says of them, when they stand in this file.
    pub fn examine(&self, path: &Path) -> Problems {
        let region: Option<Region> = self.region.as_deref().and_then(|region| region.parse().ok());
        config::examine(&path.display().to_string(), &self.text(), region).problems
    }

    /// The plan file: what was chosen, and where to read on.
    pub fn text(&self) -> String {
        let mut text = format!("{SCHEMA_LINE}\n{HEAD}");
        text.push_str(&line("name", &*self.name, ""));
        text.push_str(&line("release", &*self.release, ""));
        text.extend(self.allow.iter().map(|label| line("allow", &**label, CONSENT)));
        text.extend(self.region.iter().map(|region| line("region", &**region, "")));
        let package = Package::ALL.into_iter().find(|known| known.as_str() == self.package);
        text.push_str(&line("package", &*self.package, &package.map(words).unwrap_or_default()));
        for (table, comment, keys) in self.tables() {
            let lines: String =
                keys.into_iter().filter_map(|(key, value)| value.map(|value| line(key, value, ""))).collect();
            if !lines.is_empty() {
                text.push_str(&format!("\n# {comment}\n[{table}]\n{lines}"));
            }
        }
        text + &self.pointers()
    }

    /// Each table with what stands above it and with its keys; those without a value are left out.
    fn tables(&self) -> [(&'static str, &'static str, Vec<Key>); 6] {
        let text = |text: Option<&String>| text.map(|text| toml::Value::from(text.as_str()));
        let (balancer, group) = match &self.front {
            Front::LoadBalancer(arn) => (Some(arn), None),
            Front::TargetGroup(arn) => (None, Some(arn)),
            Front::New | Front::Task => (None, None),
        };
        let network = self.network.as_ref();
        let existing = vec![
            ("vpc", text(network.map(|network| &network.vpc))),
            ("private_subnets", network.map(|network| network.subnets.to_vec().into())),
            ("cluster", text(self.cluster.as_ref())),
            ("load_balancer", text(balancer)),
            ("target_group", text(group)),
            ("task_role", text(self.task_role.as_ref())),
            ("execution_role", text(self.execution_role.as_ref())),
        ];
        let allowed = (!self.allowed.is_empty()).then(|| self.allowed.clone().into());
        let load_balancer = vec![
            ("enabled", (self.front == Front::Task).then(|| false.into())),
            ("certificate_arn", text(self.certificate.as_ref())),
        ];
        let proxy = vec![("http", text(self.http_proxy.as_ref())), ("https", text(self.https_proxy.as_ref()))];
        [
            ("storage", STORAGE, vec![("throughput", self.throughput.map(|mode| mode.as_str().into()))]),
            ("existing", EXISTING, existing),
            ("access", ACCESS, vec![("allowed_cidrs", allowed)]),
            ("load_balancer", LOAD_BALANCER, load_balancer),
            ("proxy", PROXY, proxy),
            ("ca", CA, vec![("file", text(self.ca.as_ref()))]),
        ]
    }

    /// Where to read on. What has no effect beside these answers is left out.
    fn pointers(&self) -> String {
        let is_ours = |key: &str| match key {
            "network" => self.network.is_none(),
            "load_balancer" => matches!(self.front, Front::New | Front::LoadBalancer(_)),
            "task_policy_arns" => self.task_role.is_none(),
            "guardduty_agent" => self.execution_role.is_none(),
            "permissions_boundary" => self.task_role.is_none() || self.execution_role.is_none(),
            "deletion_protection" | "access_logs" => self.front == Front::New,
            "port" => matches!(self.front, Front::LoadBalancer(_)),
            "allowed_cidrs" => self.allowed.is_empty(),
            "certificate_arn" => self.certificate.is_none(),
            "throughput" => self.throughput.is_none(),
            "container_insights" => self.cluster.is_none(),
            _ => true,
        };
        let mut text = String::from(FURTHER);
        for (table, keys) in POINTERS.iter().filter(|(table, _)| is_ours(table)) {
            let keys: Vec<&str> = keys.iter().copied().filter(|key| is_ours(key)).collect();
            if !keys.is_empty() {
                text.push_str(&format!("#   {:<17}{}\n", format!("[{table}]"), keys.join(", ")));
            }
        }
        text
    }
}

const HEAD: &str = "\
# Netskope Cloud Exchange on AWS Fargate: one deployment.

";
const CONSENT: &str = "instead of --allow with each command";
const STORAGE: &str = "For the expected events: bursting throughput is free, elastic bills each byte read and written.";
const EXISTING: &str = "Existing resources: read and checked, never changed, tagged or deleted.";
const ACCESS: &str = "Networks that are allowed to reach the UI.";
const LOAD_BALANCER: &str = "How users reach the UI.";
const PROXY: &str = "Proxy for internet access. For one with a password, give `secret`: the ARN of a secret.";
const CA: &str = "A certificate authority to trust, such as the proxy's.";

/// What follows the answers.
const FURTHER: &str = "
# Every key that is left out has a default. The schema beside this file describes all of them; editors that know TOML
# complete keys and check values with it. Keys that are often wanted:
#
";

/// Tables, and keys in them that are often wanted.
pub const POINTERS: &[(&str, &[&str])] = &[
    ("network", &["cidr", "zones", "nat", "flow_logs", "harden"]),
    ("access", &["allowed_cidrs", "extra_ingress"]),
    ("load_balancer", &["certificate_arn", "port", "deletion_protection", "access_logs"]),
    ("service", &["tls_version", "container_insights"]),
    ("storage", &["throughput", "backup"]),
    ("secrets", &["existing"]),
    ("logs", &["retention_days"]),
    ("identity", &["task_policy_arns", "permissions_boundary", "guardduty_agent"]),
    ("images", &["registry"]),
];

/// A key of the plan file, with its value if it has one.
type Key = (&'static str, Option<toml::Value>);

fn line(key: &str, value: impl Into<toml::Value>, comment: &str) -> String {
    let comment = if comment.is_empty() { String::new() } else { format!("  # {comment}") };
    format!("{key} = {}{comment}\n", value.into())
}

/// `8 vCPU, 16 GiB memory, 80 GiB for RabbitMQ's queues`.
pub fn words(package: Package) -> String {
    let (memory, queues) = (package.memory_mib() >> 10, package.rabbitmq_storage_bytes() >> 30);
    format!("{} vCPU, {memory} GiB memory, {queues} GiB for RabbitMQ's queues", package.vcpus())
}
