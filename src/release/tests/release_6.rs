//! Releases 6.x against the vendor's files of each tag.
//!
//! As in `facts.rs`, the tables are written out here a second time: a slip in a data file must meet an independent
//! statement.

use std::collections::BTreeMap;

use super::settings;
use crate::release::{Catalogue, Container, Memory, Package, Release, SecretKey, Settings};

const VERSIONS: [&str; 3] = ["6.0.0", "6.0.1", "6.1.0"];

fn release(version: &str) -> &'static Release {
    Catalogue::builtin().get(version.parse().unwrap()).unwrap()
}

/// As the files have them, but for the environment's values.
fn containers(version: &str) -> BTreeMap<String, Container> {
    let rendered = release(version).render(&settings());
    rendered.into_iter().map(|container| (container.name.clone(), container)).collect()
}

#[test]
fn the_containers_of_6_1_0() {
    insta::assert_json_snapshot!(release("6.1.0").render(&settings()));
}

#[test]
fn images_of_each_tag() {
    const PREFIX: &str = "docker.io/netskopetechnicalalliances/cloudexchange:";
    let expected = [
        ("6.0.0", ["core6-6.0.0", "ui6-6.0.0", "mongo8-8.0.12", "rabbitmq4-4.1.3"]),
        ("6.0.1", ["core6-6.0.1", "ui6-6.0.1", "mongo8-8.0.17", "rabbitmq4-4.2.2"]),
        ("6.1.0", ["core6-6.1.0", "ui6-6.1.0", "mongo6-6.1.0-8.0.18", "rabbitmq6-6.1.0-4.2.2"]),
    ];
    for (version, [core, ui, mongo, rabbit]) in expected {
        let containers = containers(version);
        let of = |name: &str| containers[name].image.as_str().strip_prefix(PREFIX).unwrap();
        let names = ["core", "core-init-container", "init-container", "mongodb-primary", "rabbitmq-stats", "ui"];
        assert_eq!(containers.keys().collect::<Vec<_>>(), names, "{version}");
        assert_eq!(names.map(of), [core, core, mongo, mongo, rabbit, ui], "{version}");
        // What core is shown of them is what runs.
        let shown = ["CORE_TAG", "UI_TAG", "MONGO_TAG", "RABBITMQ_TAG"]
            .map(|variable| containers["core"].environment[variable].rsplit(':').next().unwrap());
        assert_eq!(shown, [core, ui, mongo, rabbit], "{version}");
        assert_eq!(containers["core"].environment["INSTALL_VERSION"], version);
    }
}

#[test]
fn every_environment_variable_is_plain_or_secret() {
    let mut core = vec![
        "BETA_OPT_IN",
        "CE_AS_VM",
        "CE_MANAGEMENT_PORT",
        "CORE_TAG",
        "ENABLE_CELERY_BEAT",
        "ENABLE_DEBUG",
        "HA_ENABLED",
        "INSTALL_VERSION",
        "JWT_ALGORITHM",
        "MANAGED_CE",
        "MAX_MAINTENANCE_WINDOW_MINUTES",
        "MAX_WAIT_ON_LOCK_IN_MINUTES",
        "MONGO_TAG",
        "PLATFORM_PROVIDER",
        "POPEN_TIMEOUT",
        "PROMOTION_BANNERS_FILE_LOCATION",
        "PULL_THREADS",
        "RABBITMQ_AVAILABLE_STORAGE",
        "RABBITMQ_RAM_RESOURCES",
        "RABBITMQ_TAG",
        "REQUESTS_TIMEOUT",
        "RESTART_ON_HEALTHCHECK_FAILURE",
        "UI_PROTOCOL",
        "UI_SERVICE_NAME",
        "UI_TAG",
    ];
    let mut secrets = vec![
        "JWT_SECRET",
        "MAINTENANCE_PASSWORD",
        "MAINTENANCE_PASSWORD_ESCAPED",
        "MONGO_CONNECTION_STRING",
        "RABBITMQ_CONNECTION_STRING",
    ];
    let mut rabbit = vec![
        "RABBITMQ_DEFAULT_USER",
        "RABBITMQ_DISK_FREE_LIMIT_ABSOLUTE",
        "RABBITMQ_NODENAME",
        "RABBITMQ_RAM_RESOURCES",
        "RESTART_ON_HEALTHCHECK_FAILURE",
    ];
    let only_6_0 =
        ["ANALYTICS_BASE_URL", "ANALYTICS_SERVER_CONNECTIVITY", "CORE_LATEST_VERSION_TAG", "UI_LATEST_VERSION_TAG"];
    for version in VERSIONS {
        match version {
            "6.0.0" => {
                core.extend(only_6_0);
                secrets.push("CHAINLIT_AUTH_SECRET");
            }
            "6.0.1" => rabbit.push("RABBITMQ_FEATURE_FLAGS"),
            _ => {
                core.retain(|variable| !only_6_0.contains(variable));
                core.push("CE_PROFILE");
                secrets.retain(|variable| *variable != "CHAINLIT_AUTH_SECRET");
            }
        }
        [&mut core, &mut secrets, &mut rabbit].into_iter().for_each(|names| names.sort_unstable());
        let containers = containers(version);
        let of = |name: &str| {
            let container = &containers[name];
            [container.environment.keys().collect::<Vec<_>>(), container.secrets.keys().collect()]
        };
        assert_eq!(of("core"), [&core, &secrets].map(|names| names.iter().collect::<Vec<_>>()), "{version}");
        assert_eq!(of("rabbitmq-stats")[0], rabbit, "{version}");
        assert_eq!(of("rabbitmq-stats")[1], ["RABBITMQ_COOKIE", "RABBITMQ_DEFAULT_PASS"], "{version}");
        let [plain, secret] = of("ui");
        let names = ["CE_API_PORT", "CE_API_URL", "CE_AS_VM", "CE_MANAGEMENT_PORT", "HA_ENABLED", "TLS_VERSION"];
        assert_eq!(plain, [&names[..], &["UI_PROTOCOL"]].concat(), "{version}");
        assert_eq!(secret.len(), 0, "{version}");
        let [plain, secret] = of("mongodb-primary");
        let names =
            ["MONGODB_ADVERTISED_HOSTNAME", "MONGODB_USERNAME", "MONGO_INITDB_DATABASE", "MONGO_INITDB_ROOT_USERNAME"];
        assert_eq!(plain, names, "{version}");
        assert_eq!(secret, ["MONGODB_PASSWORD", "MONGO_INITDB_ROOT_PASSWORD"], "{version}");
        assert_eq!(of("core-init-container").map(|names| names.len()), [0, 0], "{version}");
    }
}

#[test]
fn values_that_fargate_needs_otherwise_than_a_host() {
    for version in VERSIONS {
        let containers = containers(version);
        let value = |container: &str, variable: &str| containers[container].environment[variable].clone();
        assert_eq!(value("rabbitmq-stats", "RABBITMQ_NODENAME"), "rabbit@localhost", "the data are in a folder of it");
        assert_eq!(value("ui", "CE_API_URL"), "http://localhost");
        assert_eq!(value("ui", "UI_PROTOCOL"), "http");
        // All containers share one network: where the UI looks for the management server, nobody may listen.
        let port: u16 = value("ui", "CE_MANAGEMENT_PORT").parse().unwrap();
        let api: u16 = value("ui", "CE_API_PORT").parse().unwrap();
        assert!(port != api && containers.values().all(|container| !container.ports.contains(&port)));
        assert_eq!(value("core", "CE_MANAGEMENT_PORT"), port.to_string());
        let everywhere = containers.values().flat_map(|one| &one.environment);
        let hosts = ["host.docker.internal", "mongodb-primary", "//core", "@rabbitmq-stats"];
        for (variable, value) in everywhere.filter(|(variable, _)| !variable.starts_with("FILE_")) {
            assert!(hosts.iter().all(|host| !value.contains(host)), "{version} {variable}");
        }
    }
}

#[test]
fn secrets_come_from_where_5_x_has_them() {
    for version in VERSIONS {
        let containers = containers(version);
        for (container, variable, key) in [
            ("core", "JWT_SECRET", SecretKey::JwtSecret),
            ("core", "MAINTENANCE_PASSWORD_ESCAPED", SecretKey::MaintenancePassword),
            ("rabbitmq-stats", "RABBITMQ_COOKIE", SecretKey::MaintenancePassword),
            ("rabbitmq-stats", "RABBITMQ_DEFAULT_PASS", SecretKey::MaintenancePassword),
            ("mongodb-primary", "MONGO_INITDB_ROOT_PASSWORD", SecretKey::MaintenancePassword),
        ] {
            assert_eq!(containers[container].secrets[variable], key, "{version} {variable}");
        }
        // The secret of a deployment is written once: an upgraded one must find in it what a new one does.
        assert_eq!(release(version).derived_secrets, release("5.1.2").derived_secrets);
        assert!(release(version).internal_certificate() && !release("5.1.2").internal_certificate());
    }
    assert_eq!(containers("6.0.0")["core"].secrets["CHAINLIT_AUTH_SECRET"], SecretKey::JwtSecret);
}

#[test]
fn a_new_broker_enables_the_vendors_flags_and_keeps_mnesia() {
    let flags = |version| containers(version)["rabbitmq-stats"].environment.get("RABBITMQ_FEATURE_FLAGS").cloned();
    assert_eq!(flags("6.0.0"), None);
    assert_eq!(flags("6.0.1"), flags("6.1.0"));
    let flags = flags("6.1.0").unwrap();
    let names: Vec<_> = flags.split(',').collect();
    assert!(names.is_sorted() && flags.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.,".contains(&byte)));
    assert_eq!(names.len(), 27);
    assert!(names.contains(&"rabbitmq_4.2.0") && !names.contains(&"khepri_db"));
}

#[test]
fn mongod_gets_the_vendors_options_word_by_word() {
    let options = [
        "mongod --tlsMode preferTLS",
        "--tlsCertificateKeyFile /opt/certs/mongodb_rabbitmq_certs/tls_cert_key.pem",
        "--tlsCAFile /opt/certs/mongodb_rabbitmq_certs/tls_cert_ca.crt",
        "--tlsDisabledProtocols TLS1_0,TLS1_1",
    ];
    let ciphers = [
        "--setParameter opensslCipherSuiteConfig=\
         TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256",
        "--setParameter opensslCipherConfig=\
         ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
         ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305",
    ];
    for version in VERSIONS {
        let mongo = &containers(version)["mongodb-primary"];
        let more = if version == "6.1.0" { &ciphers[..] } else { &[] };
        let expected = [&options[..], more].concat().join(" ");
        assert_eq!(mongo.command, expected.split(' ').collect::<Vec<_>>(), "{version}");
        // Without a shell there is nothing to quote, and SIGTERM reaches the server.
        assert_eq!(mongo.entry_point, ["docker-entrypoint.sh"], "{version}");
    }
}

#[test]
fn whatever_reads_a_file_waits_until_it_is_written() {
    for version in VERSIONS {
        let containers = containers(version);
        let waits = |name: &str| -> Vec<String> {
            let depends_on = &containers[name].depends_on;
            depends_on.iter().map(|(other, condition)| format!("{other} {condition}")).collect()
        };
        assert_eq!(waits("init-container"), [""; 0]);
        assert_eq!(waits("core-init-container"), [""; 0]);
        assert_eq!(waits("mongodb-primary"), ["init-container SUCCESS"]);
        assert_eq!(waits("rabbitmq-stats"), ["init-container SUCCESS"]);
        let core = ["core-init-container SUCCESS", "init-container SUCCESS", "mongodb-primary HEALTHY"];
        assert_eq!(waits("core"), [&core[..], &["rabbitmq-stats HEALTHY"]].concat());
        assert_eq!(waits("ui"), ["core START", "init-container SUCCESS"]);
    }
}

#[test]
fn every_mount_of_the_four_servers() {
    const CERTS: &str = "/opt/certs/mongodb_rabbitmq_certs";
    let expected = [
        ("core", "custom_plugins", "/opt/netskope/plugins", false),
        ("core", "repos", "/opt/netskope/repos/", false),
        ("core", "certificate", "/usr/local/share/ca-certificates", true),
        ("core", "certs", CERTS, true),
        ("core", "files-data", "/etc/files-data", false),
        ("mongodb-primary", "mongo-init", "/docker-entrypoint-initdb.d", true),
        ("mongodb-primary", "certs", CERTS, true),
        ("mongodb-primary", "mongo-data", "/data/db", false),
        ("rabbitmq-stats", "rabbitmq-conf", "/etc/rabbitmq/conf.d", true),
        ("rabbitmq-stats", "rabbitmq-data", "/var/lib/rabbitmq/mnesia/", false),
        ("ui", "ssl_certs", "/tmp/ssl_certs", false),
        ("ui", "certs", "/data/ssl_certs/mongodb_rabbitmq_certs", true),
    ];
    for version in VERSIONS {
        let containers = containers(version);
        let servers = containers.values().filter(|container| container.essential);
        let mounts = servers.flat_map(|one| {
            let mounts = one.mounts.iter();
            mounts.map(|mount| (one.name.as_str(), mount.volume.as_str(), mount.path.as_str(), mount.read_only))
        });
        assert_eq!(mounts.collect::<Vec<_>>(), expected, "{version}");
        let volumes = release(version).task_volumes.iter().map(|volume| volume.name.as_str());
        assert_eq!(volumes.collect::<Vec<_>>(), ["certs", "rabbitmq-conf", "mongo-init"]);
    }
}

#[test]
fn memory_and_profile_are_divided_as_the_vendors_setup_does() {
    for version in VERSIONS {
        for (package, mib, profile) in
            [(Package::Medium, [9216, 2048, 3072, 256], "Medium"), (Package::Large, [18432, 4096, 6144, 256], "Large")]
        {
            let rendered = release(version).render(&Settings { package, ..settings() });
            let find = |name: &str| rendered.iter().find(|container| container.name == name).unwrap();
            let memory = |name| find(name).memory.map(|memory: Memory| memory.mib(package));
            let names = ["core", "mongodb-primary", "rabbitmq-stats", "ui"];
            assert_eq!(names.map(memory), mib.map(Some), "{version}");
            assert_eq!(["init-container", "core-init-container"].map(memory), [None, None], "{version}");
            // RabbitMQ plans with what it may use.
            for container in ["rabbitmq-stats", "core"] {
                assert_eq!(find(container).environment["RABBITMQ_RAM_RESOURCES"], mib[2].to_string());
            }
            let shown = find("core").environment.get("CE_PROFILE").map(String::as_str);
            assert_eq!(shown, (version == "6.1.0").then_some(profile), "{version}");
        }
    }
}

#[test]
fn no_file_of_the_vendors_that_decrypts_is_used() {
    for version in VERSIONS {
        let text = serde_json::to_string(&release(version).render(&settings())).unwrap();
        for word in ["load_env.sh", "CE_SETUP_ID", "CE_HEX_CODE", "CE_IV", "ANALYTICS_TOKEN", "autocompact"] {
            assert!(!text.contains(word), "{version}: {word}");
        }
    }
}
