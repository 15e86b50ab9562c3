//! Where our release files differ from the vendor's compose files on purpose.
//!
//! Each row applies to releases from `since` up to but not including `until`. What a compose file says exactly as a row
//! has it needs no review; what it no longer says does.
//!
//! Source: docker-compose.yml of netskopeoss/ta_cloud_exchange, tags v5.0.1 to v6.1.0.

use crate::release::Version;

/// One row.
pub(super) struct Known {
    since: &'static str,
    until: Option<&'static str>,
    pub service: &'static str,
    pub property: Property,
    /// What the compose file says; `None`: whatever it says.
    pub text: Option<&'static str>,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Property {
    /// A key of the service.
    Key(&'static str),
    /// A place where a volume is mounted.
    Mount(&'static str),
    /// An environment variable.
    Variable(&'static str),
}

use Property::{Key, Mount, Variable};

impl Known {
    /// The rows that hold for the arrangement of a release.
    pub fn of(like: Version, service: &str) -> impl Iterator<Item = &'static Self> {
        let version = |text: &str| text.parse::<Version>().ok();
        let holds = move |row: &&Self| {
            version(row.since).is_some_and(|since| since <= like)
                && row.until.and_then(version).is_none_or(|until| like < until)
        };
        ROWS.iter().filter(holds).filter(move |row| row.service == service)
    }
}

const fn row(
    since: &'static str,
    until: Option<&'static str>,
    service: &'static str,
    property: Property,
    text: Option<&'static str>,
) -> Known {
    Known { since, until, service, property, text }
}

const RABBITMQ: &str = "rabbitmq-stats";
const MONGODB: &str = "mongodb-primary";
const CORE: &str = "core";
const UI: &str = "ui";

/// A disk of 8 EiB is never full, so that the vendor's check of it is left out.
const DISK_CHECK: &str = "{test: CMD-SHELL /opt/healthcheck.sh, interval: 12h, timeout: 30s, retries: 3}";

static ROWS: &[Known] = &[
    // The image alone knows which number the name has; the catalogue says it.
    row("5.0.1", None, MONGODB, Key("user"), Some("mongodb")),
    // The setup script divides the memory of the machine; the package does here.
    row(
        "5.0.1",
        None,
        RABBITMQ,
        Key("deploy"),
        Some("{resources: {limits: {memory: ${RABBITMQ_RAM_RESOURCES:-3072}M}}}"),
    ),
    row(
        "5.0.1",
        None,
        MONGODB,
        Key("deploy"),
        Some("{resources: {limits: {memory: ${MONGODB_RAM_RESOURCES:-3072}M}}}"),
    ),
    row("5.0.1", None, CORE, Key("deploy"), Some("{resources: {limits: {memory: ${CORE_RAM_RESOURCES:-3072}M}}}")),
    row("5.0.1", None, UI, Key("deploy"), Some("{resources: {limits: {memory: ${UI_RAM_RESOURCES:-256}M}}}")),
    row("5.1.2", None, RABBITMQ, Key("healthcheck"), Some(DISK_CHECK)),
    row("5.1.2", None, CORE, Key("healthcheck"), Some(DISK_CHECK)),
    row("5.1.2", None, RABBITMQ, Mount("/opt/healthcheck.sh"), None),
    row("5.1.2", None, CORE, Mount("/opt/healthcheck.sh"), None),
    row("5.1.2", None, RABBITMQ, Variable("HEALTHCHECK_FREE_DISK_SPACE_LIMIT"), None),
    row("5.1.2", None, RABBITMQ, Variable("HEALTHCHECK_FREE_DISK_SPACE_PATH"), None),
    row("5.1.2", None, CORE, Variable("HEALTHCHECK_FREE_DISK_SPACE_LIMIT"), None),
    row("5.1.2", None, CORE, Variable("HEALTHCHECK_FREE_DISK_SPACE_PATH"), None),
    row("5.0.1", None, CORE, Mount("/var/lib/rabbitmq"), None),
    // It decrypts secrets, which ECS injects in clear here.
    row("5.1.1", None, RABBITMQ, Mount("/opt/load_env.sh"), None),
    row("5.1.1", None, MONGODB, Mount("/opt/load_env.sh"), None),
    row("5.1.1", None, CORE, Mount("/opt/load_env.sh"), None),
    row("6.0.0", None, UI, Mount("/opt/load_env.sh"), None),
    row(
        "5.0.1",
        Some("5.1.1"),
        RABBITMQ,
        Key("entrypoint"),
        Some(
            "/bin/bash -c echo ${RABBITMQ_COOKIE} > /var/lib/rabbitmq/.erlang.cookie && \
             chmod 600 /var/lib/rabbitmq/.erlang.cookie && docker-entrypoint.sh rabbitmq-server",
        ),
    ),
    row(
        "5.1.1",
        None,
        RABBITMQ,
        Key("entrypoint"),
        Some(
            "/bin/bash -c source /opt/load_env.sh && echo ${RABBITMQ_COOKIE} > /var/lib/rabbitmq/.erlang.cookie && \
             chmod 600 /var/lib/rabbitmq/.erlang.cookie && docker-entrypoint.sh rabbitmq-server",
        ),
    ),
    row(
        "5.1.1",
        Some("6.0.0"),
        MONGODB,
        Key("entrypoint"),
        Some("/bin/bash -c source /opt/load_env.sh && docker-entrypoint.sh mongod"),
    ),
    row(
        "6.0.0",
        Some("6.1.0"),
        MONGODB,
        Key("entrypoint"),
        Some(
            "/bin/bash -c source /opt/load_env.sh && docker-entrypoint.sh mongod --tlsMode preferTLS \
             --tlsCertificateKeyFile /opt/tls_cert_key.pem --tlsCAFile /opt/tls_cert_ca.crt \
             --tlsDisabledProtocols TLS1_0,TLS1_1",
        ),
    ),
    row(
        "6.1.0",
        None,
        MONGODB,
        Key("entrypoint"),
        Some(
            "/bin/bash -c source /opt/load_env.sh && docker-entrypoint.sh mongod --tlsMode preferTLS \
             --tlsCertificateKeyFile /opt/tls_cert_key.pem --tlsCAFile /opt/tls_cert_ca.crt \
             --tlsDisabledProtocols TLS1_0,TLS1_1 --setParameter \
             opensslCipherSuiteConfig='TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:\
             TLS_AES_128_CCM_8_SHA256' --setParameter \
             opensslCipherConfig='ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:\
             ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:\
             ECDHE-RSA-CHACHA20-POLY1305' & MONGO_PID=$$! && sleep 30 && /opt/mongo-autocompact.sh; wait $$MONGO_PID",
        ),
    ),
    row("5.1.1", None, CORE, Key("entrypoint"), Some("/bin/bash -c source /opt/load_env.sh && /opt/start.sh")),
    row("6.0.0", None, UI, Key("entrypoint"), Some("/bin/bash -c source /opt/load_env.sh && ./start.sh")),
    // The internal certificates have places of their own in the release.
    row("6.0.0", None, MONGODB, Mount("/opt/tls_cert.pem"), None),
    row("6.0.0", None, MONGODB, Mount("/opt/tls_cert_key.pem"), None),
    row("6.0.0", None, MONGODB, Mount("/opt/tls_cert_ca.crt"), None),
    row("6.0.0", None, CORE, Mount("/opt/certs"), None),
    row("6.0.0", None, UI, Mount("/data/ssl_certs/mongodb_rabbitmq_certs"), None),
    // Compacting a database on EFS costs more than it gains.
    row("6.1.0", None, MONGODB, Mount("/opt/mongo-autocompact.sh"), None),
    row("6.1.0", None, MONGODB, Variable("MONGODB_AUTOCOMPACT_ENABLED"), None),
    row("6.1.0", None, MONGODB, Variable("MONGODB_AUTOCOMPACT_FREE_SPACE_TARGET_MB"), None),
    row("6.1.0", None, MONGODB, Variable("MONGODB_AUTOCOMPACT_RUN_ONCE"), None),
    // The management server is a process of the host, which Fargate does not have: nothing listens at that port.
    row("6.0.0", None, UI, Key("extra_hosts"), Some("host.docker.internal:host-gateway")),
    row("6.0.0", None, UI, Variable("CE_MANAGEMENT_PORT"), Some("${CE_MANAGEMENT_PORT:-8000}")),
    // Empty or unused here, or the same for all the vendor's customers.
    row("5.0.1", None, CORE, Variable("DOCKER_USERNAME"), None),
    row("5.0.1", None, CORE, Variable("DOCKER_PASSWORD"), None),
    row("5.0.1", Some("6.1.0"), CORE, Variable("WATCHTOWER_HTTP_API_TOKEN"), None),
    row("5.0.1", Some("6.1.0"), CORE, Variable("ANALYTICS_TOKEN"), None),
    // It is JWT_SECRET once more.
    row("6.0.0", Some("6.1.0"), CORE, Variable("CHAINLIT_AUTH_SECRET"), None),
];
