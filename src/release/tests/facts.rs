//! Release 5.0.0 against the facts of the vendor's template (CE 5.0.0) and the decided repairs.
//!
//! The tables are written out here a second time, by hand, on purpose: a slip in the data file must
//! meet an independent statement.

use std::collections::{BTreeMap, BTreeSet};

use super::settings;
use crate::release::{Catalogue, Container, Package, Release, SecretKey, Settings};

fn release() -> &'static Release {
    Catalogue::builtin().get("5.0.0".parse().unwrap()).unwrap()
}

fn containers() -> BTreeMap<String, Container> {
    release().render(&settings()).into_iter().map(|container| (container.name.clone(), container)).collect()
}

#[test]
fn the_rendered_containers() {
    insta::assert_json_snapshot!(release().render(&settings()));
}

#[test]
fn six_containers_with_image_user_and_ports() {
    const PREFIX: &str = "709825985650.dkr.ecr.us-east-1.amazonaws.com/netskope/";
    type Row = (&'static str, &'static str, bool, Option<&'static str>, &'static [u16]);
    let expected: [Row; 6] = [
        ("init-container", "cloudexchange:aws-cli-latest", false, None, &[]),
        ("core-init-container", "core5:11062023", false, None, &[]),
        ("mongodb-primary", "mongodb:5.0", true, Some("1001:1001"), &[27017]),
        ("core", "core5:11062023", true, None, &[]),
        ("ui", "ui5:11062023", true, None, &[3000]),
        ("rabbitmq-stats", "rabbitmq:3.12.6-management", true, Some("1001:1001"), &[15672, 5672]),
    ];
    let rendered = release().render(&settings());
    assert_eq!(rendered.len(), expected.len());
    for (container, (name, image, essential, user, ports)) in rendered.iter().zip(expected) {
        assert_eq!(container.name, name);
        assert_eq!(container.image.as_str(), format!("{PREFIX}{image}"));
        assert_eq!(
            (container.essential, container.user.as_deref(), container.ports.as_slice()),
            (essential, user, ports)
        );
    }
}

#[test]
fn eight_access_points() {
    let expected = [
        ("mongo-data", "/data/mongo-data/data/db"),
        ("mongo-init", "/data/mongo-init"),
        ("certificate", "/data/certificate"),
        ("ssl_certs", "/data/ssl_certs"),
        ("custom_plugins", "/data/custom_plugins"),
        ("repos", "/data/repos"),
        ("rabbitmq", "/data/rabbitmq"),
        ("rabbitmq-data", "/data/rabbitmq-data"),
    ];
    let points = &release().access_points;
    assert_eq!(points.iter().map(|point| (point.volume.as_str(), point.path.as_str())).collect::<Vec<_>>(), expected);
    assert!(points.iter().all(|point| (point.uid, point.gid, point.mode.as_str()) == (1001, 1001, "0777")));
}

#[test]
fn which_containers_get_the_proxy_and_its_ca() {
    let rendered = release().render(&settings());
    let names = |of: fn(&Container) -> bool| -> Vec<String> {
        rendered.iter().filter(|container| of(container)).map(|container| container.name.clone()).collect()
    };
    assert_eq!(names(|container| container.proxy), ["mongodb-primary", "core"]);
    assert_eq!(names(|container| container.ca_certificate), ["init-container"]);
}

#[test]
fn every_mount() {
    let expected = [
        ("init-container", "mongo-init", "/docker-entrypoint-initdb.d", false),
        ("init-container", "certificate", "/certificate", false),
        ("core-init-container", "custom_plugins", "/data", false),
        ("core-init-container", "repos", "/repos", false),
        ("mongodb-primary", "mongo-init", "/docker-entrypoint-initdb.d", true),
        ("mongodb-primary", "mongo-data", "/data/db", false),
        ("core", "custom_plugins", "/opt/netskope/plugins", false),
        ("core", "repos", "/opt/netskope/repos/", false),
        ("core", "certificate", "/usr/local/share/ca-certificates", true),
        ("ui", "ssl_certs", "/tmp/ssl_certs", false),
        ("rabbitmq-stats", "rabbitmq", "/etc/rabbitmq/conf.d", false),
        ("rabbitmq-stats", "rabbitmq-data", "/var/lib/rabbitmq/mnesia/", false),
    ];
    let rendered = release().render(&settings());
    let mounts = rendered.iter().flat_map(|container| {
        container
            .mounts
            .iter()
            .map(|mount| (container.name.as_str(), mount.volume.as_str(), mount.path.as_str(), mount.read_only))
    });
    assert_eq!(mounts.collect::<Vec<_>>(), expected);
}

#[test]
fn every_environment_variable_is_plain_or_secret() {
    type Variables = &'static [&'static str];
    // Plain, then secret. ANALYTICS_TOKEN, HTTP_PROXY and HTTPS_PROXY of the template are left out.
    let expected: [(&str, Variables, Variables); 6] = [
        ("init-container", &["DATA"], &[]),
        ("core-init-container", &[], &[]),
        (
            "mongodb-primary",
            &["MONGODB_ADVERTISED_HOSTNAME", "MONGODB_USERNAME", "MONGO_INITDB_DATABASE", "MONGO_INITDB_ROOT_USERNAME"],
            &["MONGODB_PASSWORD", "MONGO_INITDB_ROOT_PASSWORD"],
        ),
        (
            "core",
            &[
                "ANALYTICS_BASE_URL",
                "CORE_LATEST_VERSION_TAG",
                "ENABLE_CELERY_BEAT",
                "ENABLE_DEBUG",
                "JWT_ALGORITHM",
                "MANAGED_CE",
                "MAX_MAINTENANCE_WINDOW_MINUTES",
                "MAX_WAIT_ON_LOCK_IN_MINUTES",
                "POPEN_TIMEOUT",
                "PULL_THREADS",
                "RABBITMQ_AVAILABLE_STORAGE",
                "REQUESTS_TIMEOUT",
                "UI_LATEST_VERSION_TAG",
                "UI_SERVICE_NAME",
            ],
            &["JWT_SECRET", "MONGO_CONNECTION_STRING", "RABBITMQ_CONNECTION_STRING"],
        ),
        ("ui", &["CE_API_PORT", "CE_API_URL", "TLS_VERSION"], &[]),
        (
            "rabbitmq-stats",
            &["RABBITMQ_DEFAULT_USER", "RABBITMQ_DISK_FREE_LIMIT_ABSOLUTE", "RABBITMQ_NODENAME"],
            &["RABBITMQERLCOOKIE", "RABBITMQ_DEFAULT_PASS"],
        ),
    ];
    for (container, (name, plain, secret)) in release().render(&settings()).iter().zip(expected) {
        assert_eq!(container.name, name);
        assert_eq!(container.environment.keys().collect::<Vec<_>>(), plain, "{name}");
        assert_eq!(container.secrets.keys().collect::<Vec<_>>(), secret, "{name}");
    }
}

#[test]
fn each_secret_goes_where_it_belongs() {
    let containers = containers();
    let key = |container: &str, variable: &str| containers[container].secrets[variable];
    assert_eq!(key("mongodb-primary", "MONGODB_PASSWORD"), SecretKey::MaintenancePassword);
    assert_eq!(key("mongodb-primary", "MONGO_INITDB_ROOT_PASSWORD"), SecretKey::MaintenancePassword);
    assert_eq!(key("rabbitmq-stats", "RABBITMQ_DEFAULT_PASS"), SecretKey::MaintenancePassword);
    assert_eq!(key("rabbitmq-stats", "RABBITMQERLCOOKIE"), SecretKey::MaintenancePassword);
    assert_eq!(key("core", "JWT_SECRET"), SecretKey::JwtSecret);
    assert_eq!(key("core", "MONGO_CONNECTION_STRING"), SecretKey::MongoConnectionString);
    assert_eq!(key("core", "RABBITMQ_CONNECTION_STRING"), SecretKey::RabbitmqConnectionString);
    let filled = |key| release().derived_secrets[&key].as_str().replace("{password}", "p%40ss");
    assert_eq!(filled(SecretKey::MongoConnectionString), "mongodb://cteadmin:p%40ss@localhost:27017/cte");
    assert_eq!(filled(SecretKey::RabbitmqConnectionString), "amqp://user:p%40ss@localhost");
}

#[test]
fn start_order_is_repaired() {
    let containers = containers();
    let waits = |name: &str| -> Vec<(&str, &str)> {
        let depends_on = &containers[name].depends_on;
        depends_on.iter().map(|(other, condition)| (other.as_str(), condition.as_str())).collect()
    };
    assert_eq!(waits("init-container"), []);
    assert_eq!(waits("core-init-container"), []);
    assert_eq!(waits("rabbitmq-stats"), []);
    assert_eq!(waits("mongodb-primary"), [("init-container", "SUCCESS")]);
    assert_eq!(
        waits("core"),
        [
            ("core-init-container", "SUCCESS"),
            ("init-container", "SUCCESS"),
            ("mongodb-primary", "HEALTHY"),
            ("rabbitmq-stats", "HEALTHY")
        ]
    );
    assert_eq!(waits("ui"), [("core", "START")]);
}

#[test]
fn health_checks_and_timeouts() {
    let containers = containers();
    let times = |name: &str| {
        containers[name]
            .health_check
            .as_ref()
            .map(|check| (check.interval, check.timeout, check.retries, check.start_period))
    };
    assert_eq!(times("mongodb-primary"), Some((10, 10, 10, 300)));
    assert_eq!(times("core"), Some((60, 10, 10, 300)));
    assert_eq!(times("ui"), Some((10, 10, 10, 60)));
    assert_eq!(times("rabbitmq-stats"), Some((10, 10, 10, 60)));
    assert_eq!((times("init-container"), times("core-init-container")), (None, None));
    assert!(containers.values().all(|container| container.stop_timeout == 120));
}

#[test]
fn the_plan_file_reaches_the_environment() {
    let large = Settings { tls_version: "TLSv1.2 TLSv1.3".to_owned(), debug: true, package: Package::Large };
    let value = |settings: &Settings, container: &str, variable: &str| {
        let rendered = release().render(settings);
        rendered.iter().find(|found| found.name == container).unwrap().environment[variable].clone()
    };
    assert_eq!(value(&settings(), "ui", "TLS_VERSION"), "TLSv1.3");
    assert_eq!(value(&large, "ui", "TLS_VERSION"), "TLSv1.2 TLSv1.3");
    assert_eq!(value(&settings(), "core", "ENABLE_DEBUG"), "false");
    assert_eq!(value(&large, "core", "ENABLE_DEBUG"), "true");
    assert_eq!(value(&settings(), "core", "RABBITMQ_AVAILABLE_STORAGE"), "85899345920");
    assert_eq!(value(&large, "core", "RABBITMQ_AVAILABLE_STORAGE"), "128849018880");
}

#[test]
fn five_repositories_of_one_registry() {
    let containers = &release().containers;
    let arns: BTreeSet<_> =
        containers.iter().filter_map(|container| Some(container.image.ecr_repository()?.arn())).collect();
    let expected = ["cloudexchange", "core5", "mongodb", "rabbitmq", "ui5"]
        .map(|name| format!("arn:aws:ecr:us-east-1:709825985650:repository/netskope/{name}"));
    assert_eq!(arns, BTreeSet::from(expected));
}

#[test]
fn packages() {
    let figures =
        Package::ALL.map(|package| (package.cpu_units(), package.memory_mib(), package.rabbitmq_storage_bytes()));
    assert_eq!(
        figures,
        [
            (4096, 8192, 42949672960),
            (8192, 16384, 42949672960),
            (8192, 16384, 85899345920),
            (16384, 32768, 128849018880)
        ]
    );
}
