//! The shell commands of releases 6.x, run by a real shell with stand-ins for the programs of the images.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use sha2::{Digest, Sha256};

use super::settings;
use crate::release::{CA_CERTIFICATE, Catalogue, Container, Release, SecretKey};

const VERSIONS: [&str; 3] = ["6.0.0", "6.0.1", "6.1.0"];

/// Every kind of character that a password may have.
const AWKWARD: &str = "A-b._~9--.~";

fn release(version: &str) -> &'static Release {
    Catalogue::builtin().get(version.parse().unwrap()).unwrap()
}

fn container(version: &str, name: &str) -> Container {
    release(version).render(&settings()).into_iter().find(|container| container.name == name).unwrap()
}

/// A folder that stands for the root of a container.
struct Root {
    folder: tempfile::TempDir,
}

impl Root {
    fn new() -> Self {
        let this = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(this.path("bin")).unwrap();
        this
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// A program that says its name and arguments, and then does this.
    fn program(&self, path: &str, script: &str) {
        let (file, calls) = (self.path(path), self.path("calls"));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        fs::write(&file, format!("#!/bin/sh\necho \"{name} $*\" >> {}\n{script}\n", calls.display())).unwrap();
        fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// Runs what ECS would, with these absolute paths moved below the folder, which is the work directory too.
    fn run(&self, words: &[String], moved: &[&str], environment: &[(String, String)]) -> Output {
        let moved = |word: &String| {
            moved
                .iter()
                .fold(word.clone(), |word, path| word.replace(path, &format!("{}{path}", self.folder.path().display())))
        };
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        let mut command = Command::new(&words[0]);
        command.args(words[1..].iter().map(moved)).env_clear().env("PATH", path).current_dir(self.folder.path());
        command.envs(environment.iter().map(|(name, value)| (name, value))).output().unwrap()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// A text with the awkward lines that a PEM text could have.
fn pem(key: SecretKey) -> String {
    format!("-----BEGIN {key}-----\nA+/%s\\n$HOME`id`='\"=\n-----END {key}-----\n")
}

/// Runs the delivering container of a release as ECS would, with or without a CA of the user's.
fn deliver(root: &Root, version: &str, ca: Option<&str>) {
    let init = container(version, "init-container");
    assert_eq!((init.user.as_deref(), init.essential), (Some("0:0"), false));
    for mount in &init.mounts {
        assert_eq!(mount.path, format!("/files/{}", mount.volume));
        fs::create_dir_all(root.path(&mount.path[1..])).unwrap();
    }
    root.program("bin/chown", "");
    let secrets = init.secrets.iter().map(|(variable, key)| (variable.clone(), pem(*key)));
    let plain = init.environment.iter().map(|(variable, value)| (variable.clone(), value.clone()));
    let ca = ca.map(|text| (CA_CERTIFICATE.to_owned(), text.to_owned()));
    let environment: Vec<_> = plain.chain(secrets).chain(ca).collect();
    let words = [init.entry_point, init.command].concat();
    // Only where a path begins: a second run must find the same places.
    let output = root.run(&words, &["/files"], &environment);
    assert!(output.status.success(), "{version}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_file_is_written_with_its_content_owner_and_mode() {
    let [ca, certificate, key] =
        [SecretKey::InternalCa, SecretKey::InternalCertificate, SecretKey::InternalKey].map(pem);
    let both = [certificate.as_str(), &key].concat();
    for version in VERSIONS {
        let root = Root::new();
        // The second time, a file that is there must not be in the way.
        for _ in ["first", "second"] {
            deliver(&root, version, Some("the user's\n"));
        }
        let expected = [
            ("certs/tls_cert.crt", certificate.as_str(), 0o444),
            ("certs/tls_cert_key.key", &key, 0o444),
            ("certs/tls_cert_key.pem", &both, 0o444),
            ("certs/tls_cert_ca.crt", &ca, 0o444),
            ("rabbitmq-conf/10-defaults.conf", "log.console = true\n", 0o444),
            ("rabbitmq-conf/rabbitmq_cert.crt", &certificate, 0o444),
            ("rabbitmq-conf/rabbitmq_cert_key.key", &key, 0o440),
            ("rabbitmq-conf/rabbitmq_cert_ca.crt", &ca, 0o444),
            ("certificate/cloud-exchange-internal.crt", &ca, 0o444),
            ("certificate/cloud-exchange-ca.crt", "the user's\n", 0o444),
            ("certificate/cert.pem", "the user's\n", 0o444),
        ];
        for (path, content, bits) in expected {
            assert_eq!(root.read(&format!("files/{path}")), content, "{version} {path}");
            assert_eq!(mode(&root.path("files").join(path)), bits, "{version} {path}");
        }
        assert_eq!(mode(&root.path("files/rabbitmq-conf/custom.conf")), 0o444);
        assert_eq!(mode(&root.path("files/mongo-init/mongo-init.sh")), 0o555, "the entry point runs it");
        // What 1001 runs must be able to read what it alone may: on a task volume root is the owner otherwise.
        let calls = root.read("calls");
        for path in ["certs/tls_cert_key.pem", "rabbitmq-conf/rabbitmq_cert_key.key", "rabbitmq-conf/custom.conf"] {
            assert!(calls.lines().any(|call| call.contains("1001:1001") && call.contains(path)), "{version}: {calls}");
        }
        assert!(!calls.contains("/certificate/"), "an access point decides itself: {calls}");
    }
}

#[test]
fn what_is_the_vendors_is_the_vendors_to_the_letter() {
    // SHA-256 of data/rabbitmq/custom.conf and of data/database-init/mongo-init.sh with a line break at its end, which
    // the vendor's has not (netskopeoss/ta_cloud_exchange, v6.0.0, v6.0.1, v6.1.0).
    let old = [
        "61b4c7bf9ff0e3d85959ec4489fa458b05ded92149fb10034a5f1de0da7946cd",
        "86fa561de86b9a20c77569ee0231aa3f3a99e5899c0299d88d9b8d4e44b20e05",
    ];
    let new = [
        "b8e23019f14e546a73903d3e53c12ebda01fb705b07154b8c0c45f9f4a3290fc",
        "f31cdd17f346b826dbadf6cc4b30f2cb1e6948645b07d79e2bf88f0d42be56cf",
    ];
    for (version, sums) in VERSIONS.into_iter().zip([old, old, new]) {
        let root = Root::new();
        deliver(&root, version, None);
        for (path, sum) in ["rabbitmq-conf/custom.conf", "mongo-init/mongo-init.sh"].into_iter().zip(sums) {
            let digest = Sha256::digest(root.read(&format!("files/{path}")).as_bytes());
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(digest, sum, "{version} {path}");
        }
    }
}

#[test]
fn a_ca_that_the_plan_file_no_longer_names_is_removed_and_the_internal_one_stays() {
    let root = Root::new();
    deliver(&root, "6.1.0", Some("the user's"));
    fs::write(root.path("files/certificate/of-the-user.crt"), "").unwrap();
    deliver(&root, "6.1.0", None);
    let names = fs::read_dir(root.path("files/certificate")).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["cloud-exchange-internal.crt", "of-the-user.crt"]);
}

#[test]
fn the_first_user_is_made_with_the_password_in_both_forms_of_the_script() {
    for version in VERSIONS {
        let root = Root::new();
        deliver(&root, version, None);
        root.program("bin/mongosh", "cat > asked; env > environment");
        let environment =
            [("MONGO_INITDB_DATABASE", "cte"), ("MONGODB_USERNAME", "cteadmin"), ("MONGODB_PASSWORD", AWKWARD)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let script = root.path("files/mongo-init/mongo-init.sh").display().to_string();
        // The official entry point runs what is executable, and sources what is not.
        for words in [vec![script.clone()], vec!["/bin/bash".to_owned(), "-c".to_owned(), format!(". {script}")]] {
            let output = root.run(&words, &[], &environment);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert!(root.read("calls").ends_with("mongosh -- cte\n"));
            let asked = root.read("asked");
            assert!(asked.contains("createUser({user: user, pwd: passwd, roles: [ { role: \"dbOwner\""), "{asked}");
            let inside = asked.contains("passwd = process.env.MONGODB_PASSWORD;");
            assert!(inside || asked.contains(&format!("passwd = '{AWKWARD}';")), "{asked}");
            assert_eq!(inside, version == "6.1.0");
        }
    }
}

#[test]
fn core_completes_the_connection_strings_and_becomes_its_own_program() {
    let root = Root::new();
    root.program("opt/start.sh", "echo \"$MONGO_CONNECTION_STRING\"; echo \"$RABBITMQ_CONNECTION_STRING\"; echo $$");
    for version in VERSIONS {
        let derived = |key| release(version).derived_secrets[&key].as_str().replace("{password}", AWKWARD);
        let environment = [
            ("MONGO_CONNECTION_STRING", derived(SecretKey::MongoConnectionString)),
            ("RABBITMQ_CONNECTION_STRING", derived(SecretKey::RabbitmqConnectionString)),
        ];
        let core = container(version, "core");
        assert!(core.command.is_empty());
        let output = root.run(&core.entry_point, &["/opt/start.sh"], &environment.map(|(k, v)| (k.to_owned(), v)));
        let printed = String::from_utf8(output.stdout).unwrap();
        let mut lines = printed.lines();
        assert_eq!(
            lines.next().unwrap(),
            format!(
                "mongodb://cteadmin:{AWKWARD}@localhost:27017/cte?tls=true\
                 &tlsCertificateKeyFile=/opt/certs/mongodb_rabbitmq_certs/tls_cert_key.pem\
                 &tlsCAFile=/opt/certs/mongodb_rabbitmq_certs/tls_cert_ca.crt&tlsAllowInvalidHostnames=true"
            )
        );
        assert_eq!(lines.next().unwrap(), format!("amqps://user:{AWKWARD}@localhost"));
        assert!(output.status.success() && output.stderr.is_empty());
    }
    // It is the shell itself that becomes the program, so that SIGTERM reaches it.
    assert!(container("6.1.0", "core").entry_point[2].ends_with("\nexec /opt/start.sh"));
}

#[test]
fn ui_knows_the_names_of_the_vendors_network() {
    for version in VERSIONS {
        let ui = container(version, "ui");
        assert!(ui.command.is_empty() && ui.entry_point[2].ends_with("\nexec ./start.sh"));
        let root = Root::new();
        root.program("start.sh", "echo \"started ${CE_SSL_CERTIFICATE_PASSWORD-unset}\"");
        fs::create_dir(root.path("etc")).unwrap();
        fs::write(root.path("etc/hosts"), "127.0.0.1 localhost\n").unwrap();
        let output = root.run(&ui.entry_point, &["/etc/hosts"], &[]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "started \n");
        assert_eq!(
            root.read("etc/hosts"),
            "127.0.0.1 localhost\n127.0.0.1 host.docker.internal core mongodb-primary rabbitmq-stats\n"
        );
        // Where it cannot be written, the log says so, and the web server has the last word.
        fs::remove_dir_all(root.path("etc")).unwrap();
        let output = root.run(&ui.entry_point, &["/etc/hosts"], &[]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "started \n");
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            printed.contains("host.docker.internal core mongodb-primary rabbitmq-stats will not be found"),
            "{printed}"
        );
    }
}

#[test]
fn rabbitmq_gets_its_cookie_and_becomes_the_broker() {
    for version in VERSIONS {
        let root = Root::new();
        root.program("bin/docker-entrypoint.sh", "");
        fs::create_dir_all(root.path("var/lib/rabbitmq")).unwrap();
        let rabbit = container(version, "rabbitmq-stats");
        assert!(rabbit.command.is_empty() && rabbit.entry_point[2].contains("\nexec docker-entrypoint.sh "));
        let cookie = [("RABBITMQ_COOKIE".to_owned(), AWKWARD.to_owned())];
        let output = root.run(&rabbit.entry_point, &["/var/lib/rabbitmq"], &cookie);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(root.read("var/lib/rabbitmq/.erlang.cookie"), format!("{AWKWARD}\n"));
        assert_eq!(mode(&root.path("var/lib/rabbitmq/.erlang.cookie")), 0o600);
        assert_eq!(root.read("calls"), "docker-entrypoint.sh rabbitmq-server\n");
        // The broker is never started with another cookie than the one that was meant.
        fs::remove_dir_all(root.path("var/lib/rabbitmq")).unwrap();
        let output = root.run(&rabbit.entry_point, &["/var/lib/rabbitmq"], &cookie);
        assert!(!output.status.success());
        assert_eq!(root.read("calls"), "docker-entrypoint.sh rabbitmq-server\n");
    }
}
