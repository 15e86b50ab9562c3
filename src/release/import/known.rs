//! Where our release files differ from the vendor's compose files on purpose.
//!
//! Each row applies to releases from `since` up to but not including `until`. What a compose file says exactly as a row
//! has it needs no review; what it no longer says does.
//!
//! Source: docker-compose.yml of netskopeoss/ta_cloud_exchange, tags v5.0.1 to v6.1.0.

use crate::release::Version;

/// A difference.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub property: Property<'static>,
    /// What the compose file says; `None`: whatever it says.
    pub text: Option<&'static str>,
}

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Property<'a> {
    /// A key of the service.
    Key(&'a str),
    /// A place where a volume is mounted.
    Mount(&'a str),
    /// An environment variable.
    Variable(&'a str),
}

use Property::{Key, Mount, Variable};

impl Known {
    /// Those of a service in the arrangement of a release.
    pub fn of(like: Version, service: &str) -> Vec<Self> {
        let version = |text: &str| text.parse::<Version>().ok();
        let holds = |row: &&Row| {
            row.services.contains(&service)
                && version(row.since).is_some_and(|since| since <= like)
                && row.until.and_then(version).is_none_or(|until| like < until)
        };
        let of_row =
            |row: &'static Row| row.properties.iter().map(|property| Self { property: *property, text: row.text });
        ROWS.iter().filter(holds).flat_map(of_row).collect()
    }
}

struct Row {
    since: &'static str,
    until: Option<&'static str>,
    services: &'static [&'static str],
    properties: &'static [Property<'static>],
    text: Option<&'static str>,
}

const fn row(since: &'static str, services: &'static [&'static str], properties: &'static [Property<'static>]) -> Row {
    Row { since, until: None, services, properties, text: None }
}

impl Row {
    const fn until(self, version: &'static str) -> Self {
        Self { until: Some(version), ..self }
    }

    const fn says(self, text: &'static str) -> Self {
        Self { text: Some(text), ..self }
    }
}

const RABBITMQ: &str = "rabbitmq-stats";
const MONGODB: &str = "mongodb-primary";
const CORE: &str = "core";
const UI: &str = "ui";

static ROWS: &[Row] = &[
    // The image alone knows which number the name has; the catalogue says it.
    row("5.0.1", &[MONGODB], &[Key("user")]).says("mongodb"),
    // The setup script divides the memory of the machine; the package does here.
    row("5.0.1", &[RABBITMQ], &[Key("deploy")])
        .says("{resources: {limits: {memory: ${RABBITMQ_RAM_RESOURCES:-3072}M}}}"),
    row("5.0.1", &[MONGODB], &[Key("deploy")]).says("{resources: {limits: {memory: ${MONGODB_RAM_RESOURCES:-3072}M}}}"),
    row("5.0.1", &[CORE], &[Key("deploy")]).says("{resources: {limits: {memory: ${CORE_RAM_RESOURCES:-3072}M}}}"),
    row("5.0.1", &[UI], &[Key("deploy")]).says("{resources: {limits: {memory: ${UI_RAM_RESOURCES:-256}M}}}"),
    // A disk of 8 EiB is never full, so that the vendor's check of it is left out.
    row("5.1.2", &[RABBITMQ, CORE], &[Key("healthcheck")])
        .says("{test: CMD-SHELL /opt/healthcheck.sh, interval: 12h, timeout: 30s, retries: 3}"),
    row("5.1.2", &[RABBITMQ, CORE], &[Mount("/opt/healthcheck.sh")]),
    row("5.1.2", &[RABBITMQ, CORE], &[Variable("HEALTHCHECK_FREE_DISK_SPACE_LIMIT")]),
    row("5.1.2", &[RABBITMQ, CORE], &[Variable("HEALTHCHECK_FREE_DISK_SPACE_PATH")]),
    row("5.0.1", &[CORE], &[Mount("/var/lib/rabbitmq")]),
    // It decrypts secrets, which ECS injects in clear here.
    row("5.1.1", &[RABBITMQ, MONGODB, CORE], &[Mount("/opt/load_env.sh")]),
    row("6.0.0", &[UI], &[Mount("/opt/load_env.sh")]),
    row("5.0.1", &[RABBITMQ], &[Key("entrypoint")]).until("5.1.1").says(
        "/bin/bash -c echo ${RABBITMQ_COOKIE} > /var/lib/rabbitmq/.erlang.cookie && \
         chmod 600 /var/lib/rabbitmq/.erlang.cookie && docker-entrypoint.sh rabbitmq-server",
    ),
    row("5.1.1", &[RABBITMQ], &[Key("entrypoint")]).says(
        "/bin/bash -c source /opt/load_env.sh && echo ${RABBITMQ_COOKIE} > /var/lib/rabbitmq/.erlang.cookie && \
         chmod 600 /var/lib/rabbitmq/.erlang.cookie && docker-entrypoint.sh rabbitmq-server",
    ),
    row("5.1.1", &[MONGODB], &[Key("entrypoint")])
        .until("6.0.0")
        .says("/bin/bash -c source /opt/load_env.sh && docker-entrypoint.sh mongod"),
    row("6.0.0", &[MONGODB], &[Key("entrypoint")]).until("6.1.0").says(
        "/bin/bash -c source /opt/load_env.sh && docker-entrypoint.sh mongod --tlsMode preferTLS \
         --tlsCertificateKeyFile /opt/tls_cert_key.pem --tlsCAFile /opt/tls_cert_ca.crt \
         --tlsDisabledProtocols TLS1_0,TLS1_1",
    ),
    row("6.1.0", &[MONGODB], &[Key("entrypoint")]).says(
        "/bin/bash -c source /opt/load_env.sh && docker-entrypoint.sh mongod --tlsMode preferTLS \
         --tlsCertificateKeyFile /opt/tls_cert_key.pem --tlsCAFile /opt/tls_cert_ca.crt \
         --tlsDisabledProtocols TLS1_0,TLS1_1 --setParameter \
         opensslCipherSuiteConfig='TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:\
         TLS_AES_128_CCM_8_SHA256' --setParameter \
         opensslCipherConfig='ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:\
         ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:\
         ECDHE-RSA-CHACHA20-POLY1305' & MONGO_PID=$$! && sleep 30 && /opt/mongo-autocompact.sh; wait $$MONGO_PID",
    ),
    row("5.1.1", &[CORE], &[Key("entrypoint")]).says("/bin/bash -c source /opt/load_env.sh && /opt/start.sh"),
    row("6.0.0", &[UI], &[Key("entrypoint")]).says("/bin/bash -c source /opt/load_env.sh && ./start.sh"),
    // The internal certificates have places of their own in the release.
    row(
        "6.0.0",
        &[MONGODB],
        &[Mount("/opt/tls_cert.pem"), Mount("/opt/tls_cert_key.pem"), Mount("/opt/tls_cert_ca.crt")],
    ),
    row("6.0.0", &[CORE], &[Mount("/opt/certs")]),
    row("6.0.0", &[UI], &[Mount("/data/ssl_certs/mongodb_rabbitmq_certs")]),
    // Compacting a database on EFS costs more than it gains.
    row("6.1.0", &[MONGODB], &[Mount("/opt/mongo-autocompact.sh"), Variable("MONGODB_AUTOCOMPACT_ENABLED")]),
    row("6.1.0", &[MONGODB], &[Variable("MONGODB_AUTOCOMPACT_FREE_SPACE_TARGET_MB")]),
    row("6.1.0", &[MONGODB], &[Variable("MONGODB_AUTOCOMPACT_RUN_ONCE")]),
    // The management server is a process of the host, which Fargate does not have: nothing listens at that port.
    row("6.0.0", &[UI], &[Key("extra_hosts")]).says("host.docker.internal:host-gateway"),
    row("6.0.0", &[UI], &[Variable("CE_MANAGEMENT_PORT")]).says("${CE_MANAGEMENT_PORT:-8000}"),
    // Empty or unused here, or the same for all the vendor's customers.
    row("5.0.1", &[CORE], &[Variable("DOCKER_USERNAME"), Variable("DOCKER_PASSWORD")]),
    row("5.0.1", &[CORE], &[Variable("WATCHTOWER_HTTP_API_TOKEN"), Variable("ANALYTICS_TOKEN")]).until("6.1.0"),
    // It is JWT_SECRET once more.
    row("6.0.0", &[CORE], &[Variable("CHAINLIT_AUTH_SECRET")]).until("6.1.0"),
];
