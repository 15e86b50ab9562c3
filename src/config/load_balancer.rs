//! The `[load_balancer]` table.

use serde::Serialize;

use super::{
    aws_name::CertificateArn,
    choice::SslPolicy,
    existing::ExistingKeys,
    section::{Keys as _, table},
    text::Invalid,
    value::{Found, Read, schema_of},
};

table! {
    // Source of the defaults: vendor template, CE 5.0.0; deletion protection is what its documentation recommends.
    /// The internal load balancer in front of the UI.
    pub struct LoadBalancer / LoadBalancerKeys {
        /// Whether there is one. Without it the UI is reached at the task's own address, which changes with every new
        /// task.
        pub enabled: bool = true,
        /// ACM certificate, of the plan's region. With it, or with `certificate` in [dns], the UI is served over HTTPS
        /// and port 80 redirects there; without it, over HTTP.
        pub certificate_arn: Option<CertificateArn> = None,
        /// TLS policy of the HTTPS listener. Needs `certificate_arn`, or `certificate` in [dns].
        pub ssl_policy: SslPolicy = SslPolicy::DEFAULT,
        /// Port of ce-aws's listener on `load_balancer` in [existing]. Left out, it is 443 with a certificate and 80
        /// without.
        #[schemars(range(min = 1))]
        pub port: Option<u16> = None,
        /// Write access logs to a bucket.
        pub access_logs: bool = true,
        /// Refuse deletion until `ce-aws destroy --unprotect`.
        pub deletion_protection: bool = true,
        /// Seconds after which an idle connection is closed.
        pub idle_timeout_seconds: IdleTimeout = IdleTimeout(300),
        /// Days after which logs in the log buckets move to the Glacier storage class. Logs under 128 KiB never move,
        /// as AWS has it by default, since moving them costs more than it saves.
        pub log_archive_after_days: LogDays = LogDays(1),
        /// Days after which logs in the log buckets are deleted; more than `log_archive_after_days`.
        pub log_expire_after_days: LogDays = LogDays(365),
    }
}

impl LoadBalancer {
    /// `requested`: whether a certificate is requested for the name in [dns].
    pub(super) fn read(keys: &LoadBalancerKeys<'_>, existing: &ExistingKeys<'_>, requested: bool) -> Self {
        let plan = keys.values();
        let front = Front::of(existing, &plan);
        check_front(keys, front, plan.enabled);
        if front.listens() && keys.certificate_arn.is_missing() && !requested {
            keys.ssl_policy.refuse_futile("without a certificate there is no HTTPS listener");
        }
        if front == Front::Own {
            check_logs(keys, &plan);
        }
        plan
    }
}

fn check_logs(keys: &LoadBalancerKeys<'_>, plan: &LoadBalancer) {
    let days = [&keys.log_expire_after_days, &keys.log_archive_after_days];
    let (archive, expire) = (plan.log_archive_after_days.days(), plan.log_expire_after_days.days());
    if !plan.access_logs {
        days.iter().for_each(|days| days.refuse_futile("`access_logs` is false"));
    } else if let Some(place) = days.iter().find(|days| days.value.is_some() && expire <= archive) {
        place.refuse(Invalid::new(
            "plan-file/expires-before-archive",
            format!("logs would be deleted after {expire} days and archived after {archive}"),
            "make `log_expire_after_days` greater than `log_archive_after_days`",
        ));
    }
}

/// What is in front of the UI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// A load balancer that ce-aws makes.
    Own,
    /// The user's, with a listener and a target group of ce-aws's own.
    LoadBalancer,
    /// The user's, together with its listener and target group.
    TargetGroup,
    /// Nothing: people connect to the task itself.
    Nothing,
}

impl Front {
    pub(super) fn of(existing: &ExistingKeys<'_>, wanted: &LoadBalancer) -> Self {
        Self::choose(existing.load_balancer.is_there(), existing.target_group.is_there(), wanted.enabled)
    }

    pub(super) const fn choose(load_balancer: bool, target_group: bool, enabled: bool) -> Self {
        match (load_balancer, target_group, enabled) {
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
fn check_front(keys: &LoadBalancerKeys<'_>, front: Front, enabled: bool) {
    let section = keys.section();
    match front {
        Front::Own => keys.port.refuse_futile(
            "a load balancer that ce-aws makes listens on 443 and 80; the port can be chosen on one of yours only",
        ),
        Front::LoadBalancer => {
            let listener = [keys.certificate_arn.key, keys.ssl_policy.key, keys.port.key, keys.enabled.key];
            section.refuse_all_but(&listener, "the load balancer is yours, and ce-aws only adds a listener to it");
            if !enabled {
                keys.enabled.refuse(Invalid::new(
                    "plan-file/contradiction",
                    "no load balancer is wanted here, and [existing] names one",
                    "remove `enabled`, or `load_balancer` in [existing]",
                ));
            }
        }
        Front::TargetGroup => {
            section.refuse_all_but(&[], "the target group is yours, and so is its load balancer");
        }
        Front::Nothing => {
            section.refuse_all_but(&[keys.enabled.key], "`enabled` is false, so there is no load balancer")
        }
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
            const TYPE: &'static str = "an integer";

            fn expected() -> String {
                $expected.to_owned()
            }

            fn read(found: &Found<'_>) -> Option<Self> {
                let number = found.integer::<Self>()?;
                match i32::try_from(number) {
                    Ok(number) if ($least..=$most).contains(&number) => Some(Self(number)),
                    _ => found.refuse(Invalid::new(
                        "plan-file/out-of-range",
                        format!("{number} is not between {} and {}", $least, $most),
                        concat!("write ", $expected),
                    )),
                }
            }
        }

        schema_of!($name, { "type": "integer", "minimum": $least, "maximum": $most });
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
