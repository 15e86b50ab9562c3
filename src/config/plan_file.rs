//! The plan file as a whole.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{
    access::Access,
    ca::{CaCertificate, Surroundings},
    existing::Existing,
    found::Located,
    images::Images,
    load_balancer::{Front, LoadBalancer},
    name::Name,
    network::Network,
    problem::Problem,
    proxy::Proxy,
    reader::Section,
    region::Region,
    sections::{Identity, Logs, Secrets, Service, Storage},
    tag::{self, MAX_USER_TAGS, TagKey, TagValue, Tags},
    text::Invalid,
};
use crate::release::{Catalogue, Label, Package, Version};

/// Plan file of ce-aws: one deployment of Netskope Cloud Exchange on AWS Fargate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// Name of the deployment: the stem of every resource name. 1 to 19 lowercase letters, digits and
    /// hyphens. Cannot be changed later.
    pub name: Name,
    /// Release of Cloud Exchange.
    #[schemars(schema_with = "super::choice::release_schema")]
    pub release: Version,
    /// Consent to releases that the vendor does not stand behind on Fargate, down to this label, as --allow gives it to
    /// one command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<Label>,
    /// AWS region. Left out, the AWS profile or environment decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// Size of the task.
    #[serde(default)]
    pub package: Package,
    /// Tags for every resource, in addition to those of ce-aws.
    #[serde(default)]
    #[schemars(extend("maxProperties" = MAX_USER_TAGS, "propertyNames" = json!({ "not": { "pattern": tag::RESERVED } })))]
    pub tags: Tags,
    #[serde(default)]
    pub existing: Existing,
    #[serde(default)]
    pub network: Network,
    #[serde(default)]
    pub access: Access,
    #[serde(default)]
    pub load_balancer: LoadBalancer,
    #[serde(default)]
    pub service: Service,
    #[serde(default)]
    pub storage: Storage,
    #[serde(default)]
    pub secrets: Secrets,
    #[serde(default)]
    pub logs: Logs,
    #[serde(default)]
    pub identity: Identity,
    #[serde(default)]
    pub proxy: Proxy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<CaCertificate>,
    #[serde(default)]
    pub images: Images,
}

impl PlanFile {
    /// `None` if what is required is missing or wrong; other problems are with the findings only.
    pub(super) fn read(section: &Section<'_>, around: &Surroundings) -> Option<Self> {
        let name = section.required("name");
        let release = section.required::<Version>("release");
        let allow = section.optional::<Label>("allow").map(|label| label.value);
        let region = section.optional::<Region>("region").map(|region| region.value);
        region.into_iter().for_each(|region| section.set_region(region));
        let package = section.optional::<Package>("package");
        check_package(section, release.as_ref(), package.as_ref());
        let tags = section.table("tags", read_tags);
        let (existing, borrows) = section.table("existing", Existing::read);
        let network = section.table("network", |section| Network::read(section, borrows));
        let load_balancer = section.table("load_balancer", |section| LoadBalancer::read(section, borrows));
        let front = Front::of(borrows, &load_balancer);
        let access = section.table("access", |section| Access::read(section, &network, borrows, front));
        let service = section.table("service", |section| Service::read(section, borrows));
        let storage = section.table("storage", Storage::read);
        let secrets = section.table("secrets", Secrets::read);
        let no_flow_logs = match (borrows.vpc, network.flow_logs) {
            (true, _) => Some("the VPC is yours, and ce-aws never changes it"),
            (false, false) => Some("`flow_logs` in [network] is false"),
            (false, true) => None,
        };
        let logs = section.table("logs", |section| Logs::read(section, no_flow_logs));
        let identity = section.table("identity", |section| Identity::read(section, borrows, no_flow_logs.is_none()));
        let proxy = section.table("proxy", Proxy::read);
        let ca = section.table("ca", |section| CaCertificate::read(section, around));
        let known = release.as_ref().and_then(|release| Catalogue::effective().get(release.value));
        let images = section.table("images", |section| Images::read(section, known));
        if let Some(release) = known.filter(|release| !release.takes_ca_certificate()) {
            section.refuse_futile(&["ca"], &format!("release {} has no place for a CA certificate", release.version));
        }
        Some(Self {
            name: name?.value,
            release: release?.value,
            allow,
            region,
            package: package.map_or(Package::default(), |package| package.value),
            tags,
            existing,
            network,
            access,
            load_balancer,
            service,
            storage,
            secrets,
            logs,
            identity,
            proxy,
            ca,
            images,
        })
    }
}

fn check_package(section: &Section<'_>, release: Option<&Located<Version>>, package: Option<&Located<Package>>) {
    let (Some(release), Some(package)) = (release, package) else { return };
    let Some(minimum) = Catalogue::effective().get(release.value).map(|known| known.minimum_package) else { return };
    if package.value < minimum {
        let invalid = Invalid::new(
            "plan-file/package-too-small",
            format!("release {} needs at least the package {minimum}", release.value),
            format!("write `package = \"{minimum}\"` or a larger one"),
        );
        section.refuse(invalid, package.span.clone());
    }
}

fn read_tags(section: &Section<'_>) -> Tags {
    let mut tags = Tags::new();
    let entries: Vec<_> = section.entries().collect();
    for (index, (key, value)) in entries.iter().enumerate() {
        let value = value.locate::<TagValue>();
        // IAM alone among the services does not tell upper from lower case in keys.
        let twin = entries[..index].iter().find(|(earlier, _)| earlier.value.eq_ignore_ascii_case(key.value));
        match key.value.parse::<TagKey>() {
            Err(invalid) => section.refuse(invalid, key.span.clone()),
            Ok(_) if twin.is_some() => {
                let invalid = Invalid::new(
                    "plan-file/duplicate",
                    format!("the tag key `{}` is there twice, in upper and lower case", key.value),
                    "IAM roles cannot have both: choose one spelling",
                );
                let first = twin.map_or(0..0, |(twin, _)| twin.span.clone());
                section.push(Problem::error(invalid, key.span.clone()).related(first, "the same key"));
            }
            Ok(key) => tags.extend(value.map(|value| (key, value.value))),
        }
    }
    if entries.len() > MAX_USER_TAGS {
        let invalid = Invalid::new(
            "plan-file/too-many-tags",
            format!("{} tags are too many", entries.len()),
            format!("AWS allows 50 on a resource, and ce-aws needs {} of them: keep {MAX_USER_TAGS}", super::OUR_TAGS),
        );
        section.refuse(invalid, section.span());
    }
    tags
}
