//! The `[dns]` table: a name for the UI.

use super::{
    aws_name::{CertificateArn, is_match},
    load_balancer::Front,
    section::{Entry, Keys as _, table},
    text::{Invalid, quoted},
    value::string,
};

table! {
    /// A name of your own for the UI, in Route 53.
    pub struct Dns / DnsKeys {
        /// Name of the UI, such as `ce.example.com`: an alias record for ce-aws's load balancer.
        pub name: Option<DnsName> = None,
        /// Existing hosted zone for the record, public or private, by ID or name. Left out, ce-aws makes a private zone
        /// of this very name, which only the VPC sees.
        pub zone: Option<ZoneName> = None,
        /// Request a public certificate for the name from AWS Certificate Manager, validate it through DNS, and serve
        /// the UI over HTTPS with it. Needs a public hosted zone for the validation record.
        pub certificate: bool = false,
        /// Public hosted zone for the validation record of the certificate, by ID or name. Left out, it is `zone`.
        pub validation_zone: Option<ZoneName> = None,
    }
}

impl Dns {
    /// Whether ce-aws makes a zone of its own.
    pub fn own_zone(&self) -> bool {
        self.name.is_some() && self.zone.is_none()
    }

    /// The zone that validates a certificate.
    pub fn validation(&self) -> Option<&ZoneName> {
        self.validation_zone.as_ref().or(self.zone.as_ref())
    }

    /// `certificate_arn`: that of the load balancer.
    pub(super) fn read(keys: &DnsKeys<'_>, front: Front, certificate_arn: &Entry<'_, CertificateArn>) -> Self {
        let plan = keys.values();
        let section = keys.section();
        if !section.is_there() {
            return plan;
        }
        let why = match front {
            Front::Own => None,
            Front::LoadBalancer | Front::TargetGroup => Some("the load balancer is yours, and so are its names"),
            Front::Nothing => {
                Some("without a load balancer the UI has the address of the task, which each new task changes")
            }
        };
        if let Some(why) = why {
            section.refuse_all_but(&[], why);
            return Self::default();
        }
        if keys.zone.is_there() || plan.certificate {
            keys.name.required();
        }
        for zone in [&keys.zone, &keys.validation_zone] {
            check_inside(plan.name.as_ref(), zone);
        }
        if plan.certificate {
            check_certificate(keys, certificate_arn);
        } else {
            keys.validation_zone.refuse_futile("`certificate` is not true");
        }
        plan
    }
}

fn check_inside(name: Option<&DnsName>, entry: &Entry<'_, ZoneName>) {
    if let (Some(name), Some(ZoneRef::Name(zone))) = (name, entry.value.as_ref().map(ZoneName::reference))
        && !name.is_within(zone)
    {
        entry.refuse(Invalid::new(
            "plan-file/name-outside-zone",
            format!("the name {name} is not in the zone {zone}"),
            format!("name the zone that it ends with, such as \"{}\"", name.parent()),
        ));
    }
}

fn check_certificate(keys: &DnsKeys<'_>, certificate_arn: &Entry<'_, CertificateArn>) {
    if certificate_arn.is_there() {
        keys.certificate.refuse(Invalid::new(
            "plan-file/contradiction",
            "a certificate is to be requested here, and `certificate_arn` in [load_balancer] names one",
            "remove one of the two",
        ));
    }
    if keys.zone.is_missing() && keys.validation_zone.is_missing() {
        keys.certificate.refuse(Invalid::new(
            "plan-file/no-public-zone",
            "a certificate is validated in public DNS, and the zone that ce-aws makes is private",
            "name the public hosted zone of the domain as `validation_zone`; where its DNS is not in Route 53, request \
             the certificate yourself, and name it as `certificate_arn` in [load_balancer]",
        ));
    }
}

string! {
    /// A domain name in lower case, as it compares; its first 64 characters must be all, so that a certificate can name
    /// it.
    ///
    /// Source of the length: AWS Certificate Manager API reference, `RequestCertificate`.
    DnsName,
    expected: "a name such as \"ce.example.com\"",
    pattern: r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
    check: check_name
}

/// The longest name of a certificate.
const LONGEST: usize = 64;

fn check_name(text: &str) -> Result<(), Invalid> {
    let (message, hint) = if text.len() > LONGEST {
        (format!("the name {} is too long by {}", quoted(text), text.len() - LONGEST), "use at most 64 characters")
    } else if is_match(DnsName::PATTERN, text) {
        return Ok(());
    } else if !text.contains('.') {
        (format!("{} is no complete name", quoted(text)), "write the name with its domain: \"ce.example.com\"")
    } else {
        (
            format!("{} is not a domain name", quoted(text)),
            "use lowercase letters, digits, hyphens and dots, without scheme, path and final dot: \"ce.example.com\"",
        )
    };
    Err(Invalid::new("plan-file/bad-name", message, hint))
}

impl DnsName {
    /// Whether the name is a zone's own, or one below it.
    pub fn is_within(&self, zone: &str) -> bool {
        self.as_str().strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// The name without its first label.
    fn parent(&self) -> &str {
        self.as_str().split_once('.').map_or("", |(_, parent)| parent)
    }
}

string! {
    /// A hosted zone, by ID or by name.
    ///
    /// Source of the form of an ID: Amazon Route 53 API reference, `HostedZone`.
    ZoneName,
    expected: "the name or ID of a hosted zone, such as \"example.com\" or \"Z0123456789ABCDEFGHIJ\"",
    pattern: r"^(Z[A-Z0-9]{4,31}|([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$",
    check: check_zone
}

fn check_zone(text: &str) -> Result<(), Invalid> {
    if is_match(ZoneName::PATTERN, text) {
        return Ok(());
    }
    Err(Invalid::new(
        "plan-file/bad-zone",
        format!("{} is neither the name nor the ID of a hosted zone", quoted(text)),
        "write the name in lower case, without a final dot, or the ID that begins with Z: \
         `aws route53 list-hosted-zones` lists both",
    ))
}

/// How a plan file names a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneRef<'a> {
    Id(&'a str),
    Name(&'a str),
}

impl ZoneName {
    pub fn reference(&self) -> ZoneRef<'_> {
        if self.as_str().starts_with('Z') { ZoneRef::Id(self.as_str()) } else { ZoneRef::Name(self.as_str()) }
    }
}
