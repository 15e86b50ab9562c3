//! What was answered, and the plan file that says just that.

use std::path::Path;

use time::Date;

use crate::config::{self, Problems, Region, SCHEMA_LINE, Throughput};
use crate::release::{Catalogue, Label, Package};

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

    /// The label of the release that must still be consented to with each command.
    pub fn consent_needed(&self) -> Option<Label> {
        let release = Catalogue::effective().get(self.release.parse().ok()?)?;
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
        text.push_str(&line("name", &self.name));
        text.push_str(&line("release", &self.release));
        text.extend(self.allow.iter().map(|label| format!("{}  # {CONSENT}\n", line("allow", label).trim_end())));
        text.extend(self.region.iter().map(|region| line("region", region)));
        text.push_str(&format!("{}{}\n", line("package", &self.package).trim_end(), size(&self.package)));
        let throughput = self.throughput.map(|throughput| throughput.as_str().to_owned());
        text.push_str(&section(STORAGE, "storage", &optional(&[("throughput", &throughput)])));
        text.push_str(&section(EXISTING, "existing", &self.existing()));
        text.push_str(&section(ACCESS, "access", &self.access()));
        text.push_str(&section(LOAD_BALANCER, "load_balancer", &self.load_balancer()));
        let proxy = [("http", &self.http_proxy), ("https", &self.https_proxy)];
        text.push_str(&section(PROXY, "proxy", &optional(&proxy)));
        text.push_str(&section(CA, "ca", &optional(&[("file", &self.ca)])));
        text.push_str(&self.pointers());
        text
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

    fn existing(&self) -> String {
        let mut text = String::new();
        if let Some(Network { vpc, subnets }) = &self.network {
            text.push_str(&line("vpc", vpc));
            text.push_str(&list("private_subnets", subnets));
        }
        text.push_str(&optional(&[("cluster", &self.cluster)]));
        match &self.front {
            Front::LoadBalancer(arn) => text.push_str(&line("load_balancer", arn)),
            Front::TargetGroup(arn) => text.push_str(&line("target_group", arn)),
            Front::New | Front::Task => {}
        }
        text.push_str(&optional(&[("task_role", &self.task_role), ("execution_role", &self.execution_role)]));
        text
    }

    fn access(&self) -> String {
        if self.allowed.is_empty() { String::new() } else { list("allowed_cidrs", &self.allowed) }
    }

    fn load_balancer(&self) -> String {
        let none = if self.front == Front::Task { "enabled = false\n" } else { "" };
        format!("{none}{}", optional(&[("certificate_arn", &self.certificate)]))
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

/// The table with its keys; nothing where it has none.
fn section(comment: &str, name: &str, body: &str) -> String {
    if body.is_empty() { String::new() } else { format!("\n# {comment}\n[{name}]\n{body}") }
}

fn line(key: &str, value: &str) -> String {
    format!("{key} = {}\n", quoted(value))
}

fn list(key: &str, values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
    format!("{key} = [{}]\n", values.join(", "))
}

fn optional(lines: &[(&str, &Option<String>)]) -> String {
    lines.iter().filter_map(|(key, value)| value.as_ref().map(|value| line(key, value))).collect()
}

/// As a TOML string.
pub fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// What a package means, as a comment behind it.
fn size(package: &str) -> String {
    let known = Package::ALL.into_iter().find(|known| known.as_str() == package);
    known.map(|package| format!("  # {}", words(package))).unwrap_or_default()
}

/// `8 vCPU, 16 GiB memory, 80 GiB for RabbitMQ's queues`.
pub fn words(package: Package) -> String {
    let (memory, queues) = (package.memory_mib() >> 10, package.rabbitmq_storage_bytes() >> 30);
    format!("{} vCPU, {memory} GiB memory, {queues} GiB for RabbitMQ's queues", package.vcpus())
}
