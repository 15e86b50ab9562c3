//! The `[load_balancer]` table.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::{
    arn::CertificateArn,
    bound::{Bound, Home},
    choice::SslPolicy,
    existing::Borrows,
    found::{Found, Read},
    reader::Section,
    text::Invalid,
};

/// The internal load balancer in front of the UI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LoadBalancer {
    /// Whether there is one. Without it the UI is reached at the task's own address, which changes with every new task.
    pub enabled: bool,
    /// ACM certificate, of the plan's region. With it the UI is served over HTTPS and port 80
    /// redirects there; without it, over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_arn: Option<CertificateArn>,
    /// TLS policy of the HTTPS listener. Needs `certificate_arn`.
    pub ssl_policy: SslPolicy,
    /// Port of ce-aws's listener on `load_balancer` in [existing]. Left out, it is 443 with a certificate and 80 without.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub port: Option<u16>,
    /// Write access logs to a bucket.
    pub access_logs: bool,
    /// Refuse deletion until `ce-aws destroy --unprotect`.
    pub deletion_protection: bool,
    /// Seconds after which an idle connection is closed.
    pub idle_timeout_seconds: IdleTimeout,
    /// Days after which logs in the log buckets move to the Glacier storage class. Logs under 128 KiB never move, as AWS has it by
    /// default, since moving them costs more than it saves.
    pub log_archive_after_days: LogDays,
    /// Days after which logs in the log buckets are deleted; more than `log_archive_after_days`.
    pub log_expire_after_days: LogDays,
}

impl Default for LoadBalancer {
    /// Source: vendor template, CE 5.0.0; deletion protection is what its documentation recommends.
    fn default() -> Self {
        Self {
            enabled: true,
            certificate_arn: None,
            ssl_policy: SslPolicy::default(),
            port: None,
            access_logs: true,
            deletion_protection: true,
            idle_timeout_seconds: IdleTimeout(300),
            log_archive_after_days: LogDays(1),
            log_expire_after_days: LogDays(365),
        }
    }
}

impl LoadBalancer {
    pub(super) fn read(section: &Section<'_>, borrows: Borrows) -> Self {
        let default = Self::default();
        let enabled = section.optional("enabled");
        let certificate = section.optional::<CertificateArn>("certificate_arn");
        let ssl_policy = section.optional("ssl_policy");
        let port = section.optional("port");
        let access_logs = section.optional("access_logs");
        let deletion_protection = section.optional("deletion_protection");
        let idle_timeout = section.optional("idle_timeout_seconds");
        let archive = section.optional::<LogDays>("log_archive_after_days");
        let expire = section.optional::<LogDays>("log_expire_after_days");
        if let Some(certificate) = &certificate {
            let home = Home::Arn("certificate", certificate.value.region().to_owned());
            section.bind(Bound::new(certificate, home));
        }
        let place = expire.as_ref().or(archive.as_ref()).map(|days| days.span.clone());
        let plan = Self {
            enabled: enabled.map_or(default.enabled, |on| on.value),
            certificate_arn: certificate.map(|arn| arn.value),
            ssl_policy: ssl_policy.map_or(default.ssl_policy, |policy| policy.value),
            port: port.map(|port| port.value),
            access_logs: access_logs.map_or(default.access_logs, |on| on.value),
            deletion_protection: deletion_protection.map_or(default.deletion_protection, |on| on.value),
            idle_timeout_seconds: idle_timeout.map_or(default.idle_timeout_seconds, |seconds| seconds.value),
            log_archive_after_days: archive.map_or(default.log_archive_after_days, |days| days.value),
            log_expire_after_days: expire.map_or(default.log_expire_after_days, |days| days.value),
        };
        let front = Front::of(borrows, &plan);
        check_front(section, front, plan.enabled);
        if !front.listens() {
            return plan;
        }
        if !section.has("certificate_arn") {
            section.refuse_futile(&["ssl_policy"], "without `certificate_arn` there is no HTTPS listener");
        }
        if front != Front::Own {
            return plan;
        }
        let (archive, expire) = (plan.log_archive_after_days.days(), plan.log_expire_after_days.days());
        if !plan.access_logs {
            section.refuse_futile(&["log_archive_after_days", "log_expire_after_days"], "`access_logs` is false");
        } else if let Some(place) = place.filter(|_| expire <= archive) {
            let invalid = Invalid::new(
                "plan-file/expires-before-archive",
                format!("logs would be deleted after {expire} days and archived after {archive}"),
                "make `log_expire_after_days` greater than `log_archive_after_days`",
            );
            section.refuse(invalid, place);
        }
        plan
    }
}

/// What stands before the UI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Front {
    /// A load balancer that ce-aws makes.
    Own,
    /// The user's, with a listener and a target group of ce-aws's own.
    LoadBalancer,
    /// The user's, with everything that belongs to it.
    TargetGroup,
    /// Nothing: people talk to the task.
    Nothing,
}

impl Front {
    pub fn of(borrows: Borrows, wanted: &LoadBalancer) -> Self {
        match (borrows.load_balancer, borrows.target_group, wanted.enabled) {
            (true, ..) => Self::LoadBalancer,
            (_, true, _) => Self::TargetGroup,
            (_, _, true) => Self::Own,
            (_, _, false) => Self::Nothing,
        }
    }

    /// Whether ce-aws makes a listener.
    const fn listens(self) -> bool {
        matches!(self, Self::Own | Self::LoadBalancer)
    }
}

/// Much of the table is about a load balancer of ce-aws's own.
fn check_front(section: &Section<'_>, front: Front, enabled: bool) {
    match front {
        Front::Own => section.refuse_futile(
            &["port"],
            "a load balancer that ce-aws makes listens on 443 and 80; the port can be chosen on one of yours only",
        ),
        Front::LoadBalancer => {
            let listener = ["certificate_arn", "ssl_policy", "port", "enabled"];
            section.refuse_all_but(&listener, "the load balancer is yours, and ce-aws only adds a listener to it");
            if !enabled {
                let invalid = Invalid::new(
                    "plan-file/contradiction",
                    "no load balancer is wanted here, and [existing] names one",
                    "remove `enabled`, or `load_balancer` in [existing]",
                );
                section.refuse(invalid, section.span_of("enabled"));
            }
        }
        Front::TargetGroup => {
            section.refuse_all_but(&[], "the target group is yours, and so is the load balancer before it");
        }
        Front::Nothing => section.refuse_all_but(&["enabled"], "`enabled` is false, so there is no load balancer"),
    }
}

impl LoadBalancer {
    /// Port of the listener that leads to the UI.
    pub fn listens_on(&self) -> u16 {
        self.port.unwrap_or(if self.certificate_arn.is_some() { 443 } else { 80 })
    }
}

/// Declares a whole number within bounds.
macro_rules! bounded {
    ($(#[$doc:meta])* $name:ident, $get:ident, $least:literal to $most:literal, expected: $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(i32);

        impl $name {
            pub const fn $get(self) -> i32 {
                self.0
            }
        }

        impl Read for $name {
            const EXPECTED: &'static str = $expected;

            fn read(value: Found<'_>) -> Option<Self> {
                let number = value.integer(Self::EXPECTED)?;
                match i32::try_from(number) {
                    Ok(number) if ($least..=$most).contains(&number) => Some(Self(number)),
                    _ => value.refuse(Invalid::new(
                        "plan-file/out-of-range",
                        format!("{number} is not within {} and {}", $least, $most),
                        concat!("write ", $expected),
                    )),
                }
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "integer", "minimum": $least, "maximum": $most })
            }
        }
    };
}

bounded!(
    /// Source of the bounds: Elastic Load Balancing user guide, "Connection idle timeout".
    IdleTimeout, seconds, 1 to 4000, expected: "a number of seconds from 1 to 4000, such as 300"
);

bounded!(
    /// Days in a lifecycle rule of a log bucket; at most ten years, as CloudWatch Logs has it.
    LogDays, days, 1 to 3653, expected: "a number of days from 1 to 3653, such as 365"
);
