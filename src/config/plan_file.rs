//! The plan file as a whole.

use serde_json::json;

use crate::release::{Catalogue, Label, Package, Release, Settings, Version};

use super::{
    access::Access,
    alarms::Alarms,
    ca::{CaCertificate, Written},
    choice::TlsVersion,
    client_vpn::ClientVpn,
    dns::Dns,
    existing::Existing,
    file::Surroundings,
    images::Images,
    load_balancer::{Front, LoadBalancer},
    name::Name,
    network::Network,
    proxy::Proxy,
    region::Region,
    section::{Entry, Keys as _, table},
    tag::{self, MAX_USER_TAGS, Tags},
    task::{Identity, Logs, Secrets, Service, Storage},
    text::Invalid,
    ui_certificate::{self, UiCertificate},
};

table! {
    /// Plan file of ce-aws: one deployment of Netskope Cloud Exchange on AWS Fargate.
    pub struct PlanFile / PlanFileKeys {
        /// Name of the deployment: the stem of every resource name. 1 to 19 lowercase letters, digits and
        /// hyphens. Cannot be changed later.
        pub name: Name,
        /// Release of Cloud Exchange.
        #[schemars(schema_with = "super::choice::release_schema")]
        pub release: Version,
        /// Consent to releases that the vendor does not support on Fargate, down to this label, as --allow gives it to
        /// one command.
        #[serde(default)]
        pub allow: Option<Label>,
        /// AWS region. Left out, the AWS profile or environment decides.
        #[serde(default)]
        pub region: Option<Region>,
        /// Size of the task.
        #[serde(default)]
        pub package: Package,
        /// Tags for every resource, in addition to those of ce-aws.
        #[serde(default)]
        #[schemars(extend(
            "maxProperties" = MAX_USER_TAGS,
            "propertyNames" = json!({ "not": { "pattern": tag::RESERVED } }),
        ))]
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
        pub dns: Dns,
        #[serde(default)]
        pub client_vpn: ClientVpn,
        #[serde(default)]
        pub service: Service,
        #[serde(default)]
        pub storage: Storage,
        #[serde(default)]
        pub secrets: Secrets,
        #[serde(default)]
        pub logs: Logs,
        #[serde(default)]
        pub alarms: Alarms,
        #[serde(default)]
        pub identity: Identity,
        #[serde(default)]
        pub proxy: Proxy,
        #[serde(default)]
        #[schemars(with = "Option<Written>")]
        pub ca: Option<CaCertificate>,
        #[serde(default)]
        #[schemars(with = "Option<ui_certificate::Written>")]
        pub ui_certificate: Option<UiCertificate>,
        #[serde(default)]
        pub images: Images,
    }
}

impl PlanFile {
    /// What its release asks of it.
    pub fn settings(&self) -> Settings {
        Settings {
            tls_version: self.service.tls_version.as_str().to_owned(),
            debug: self.service.debug,
            package: self.package,
        }
    }

    /// What is in front of the UI.
    pub fn front(&self) -> Front {
        Front::choose(
            self.existing.load_balancer.is_some(),
            self.existing.target_group.is_some(),
            self.load_balancer.enabled,
        )
    }

    /// Whether a listener of ours serves the UI over HTTPS.
    pub fn is_https(&self) -> bool {
        self.load_balancer.certificate_arn.is_some() || self.dns.certificate
    }

    /// Port of the listener that leads to the UI.
    pub fn listens_on(&self) -> u16 {
        self.load_balancer.port.unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// `None` if what is required is missing or wrong; other problems are with the findings only.
    pub(super) fn read(keys: &PlanFileKeys<'_>, around: &Surroundings) -> Option<Self> {
        let (name, release) = (keys.name.required(), keys.release.required());
        let known = release.and_then(|release| Catalogue::effective().get(release));
        let brought = &keys.existing;
        let existing = Existing::read(brought);
        let network = Network::read(&keys.network, brought);
        let requested = keys.dns.certificate.value == Some(true);
        let load_balancer = LoadBalancer::read(&keys.load_balancer, brought, requested);
        let front = Front::of(brought, &load_balancer);
        let access = Access::read(&keys.access, &network, brought, front);
        let own_network = (!brought.vpc.is_there()).then_some(&network);
        let client_vpn = ClientVpn::read(&keys.client_vpn, own_network, &keys.access);
        let no_flow_logs = match (brought.vpc.is_there(), network.flow_logs) {
            (true, _) => Some("the VPC is yours, and ce-aws never changes it"),
            (false, false) => Some("`flow_logs` in [network] is false"),
            (false, true) => None,
        };
        let ca = CaCertificate::read(&keys.ca, around);
        if let Some(release) = known {
            check_package(&keys.package, release);
            if !release.takes_ca_certificate() {
                let why = format!("release {} cannot use a CA certificate", release.version);
                keys.section().refuse_futile("ca", &why);
            }
            if !release.takes_ui_certificate() {
                let why = format!("the UI of release {} cannot speak HTTPS itself", release.version);
                keys.section().refuse_futile("ui_certificate", &why);
            }
        }
        let dns = Dns::read(&keys.dns, front, &keys.load_balancer.certificate_arn);
        let ui_certificate = UiCertificate::read(&keys.ui_certificate, around, dns.name.as_ref());
        let mut service = Service::read(&keys.service, brought);
        if ui_certificate.is_some() {
            let is_https = load_balancer.certificate_arn.is_some() || dns.certificate;
            let listener = (front != Front::TargetGroup).then_some(is_https);
            let is_balanced = front != Front::Nothing;
            if is_balanced && !keys.service.tls_version.is_there() {
                service.tls_version = TlsVersion::V1_2AndV1_3;
            }
            if is_balanced && service.tls_version == TlsVersion::V1_3 {
                ui_certificate::check_tls_version(&keys.service.tls_version, listener);
            }
        }
        Some(Self {
            allow: keys.allow.value,
            region: keys.region.value,
            package: keys.package.value.unwrap_or_default(),
            tags: tag::read_tags(&keys.tags),
            service,
            storage: keys.storage.values(),
            secrets: keys.secrets.values(),
            logs: Logs::read(&keys.logs, no_flow_logs),
            alarms: Alarms::read(&keys.alarms),
            identity: Identity::read(&keys.identity, brought, no_flow_logs.is_none()),
            proxy: Proxy::read(&keys.proxy),
            images: Images::read(&keys.images, known),
            name: name?,
            release: release?,
            existing,
            network,
            access,
            load_balancer,
            dns,
            client_vpn,
            ca,
            ui_certificate,
        })
    }
}

fn check_package(package: &Entry<'_, Package>, release: &Release) {
    let minimum = release.minimum_package;
    if package.value.is_some_and(|wanted| wanted < minimum) {
        package.refuse(Invalid::new(
            "plan-file/package-too-small",
            format!("release {} needs at least the package {minimum}", release.version),
            format!("write `package = \"{minimum}\"` or a larger one"),
        ));
    }
}
