//! The shell commands of release 5.0.0, run by a real shell with stand-ins for the programs of the
//! images: quoting must hold whatever a password contains.

use std::{fs, path::Path, process::Command};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::settings;
use crate::release::{Catalogue, Container};

const AWKWARD: &str = r#"a b'c"d$HOME`id`\e;f&g*h%i"#;

fn container(name: &str) -> Container {
    let release = Catalogue::builtin().get("5.0.0".parse().unwrap()).unwrap();
    release.render(&settings()).into_iter().find(|container| container.name == name).unwrap()
}

/// Runs a script in bash, with the container's absolute folders moved below `root` and programs
/// that write their arguments to `root/calls`.
fn run(root: &Path, script: &str, programs: &[&str], environment: &[(&str, &str)]) {
    let folder = root.display();
    let mut prelude = String::new();
    for program in programs {
        prelude += &format!("{program}() {{ printf '%s\\n' \"$@\" >> {folder}/calls; }}; ");
    }
    let folders = ["/var/lib/rabbitmq", "/etc/rabbitmq/conf.d", "/docker-entrypoint-initdb.d", "/certificate"];
    let moved = folders.iter().fold(script.to_owned(), |script, path| {
        fs::create_dir_all(root.join(&path[1..])).unwrap();
        script.replace(path, &format!("{folder}{path}"))
    });
    let status =
        Command::new("bash").arg("-c").arg(prelude + &moved).envs(environment.iter().copied()).status().unwrap();
    assert!(status.success());
}

#[test]
fn init_container_writes_the_script_unchanged() {
    let root = tempfile::tempdir().unwrap();
    let init = container("init-container");
    let data = &init.environment["DATA"];
    run(root.path(), &init.command[2], &[], &[("DATA", data)]);
    let written = fs::read(root.path().join("docker-entrypoint-initdb.d/init.sh")).unwrap();
    assert_eq!(written, BASE64_STANDARD.decode(data).unwrap());
}

#[test]
fn init_container_writes_the_ca_under_both_names_and_removes_only_those() {
    const PEM: &str = "-----BEGIN CERTIFICATE-----\nA+/%s\\n$HOME`id`=\n-----END CERTIFICATE-----";
    let root = tempfile::tempdir().unwrap();
    let init = container("init-container");
    let folder = root.path().join("certificate");
    let names = || {
        let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        entries.collect::<std::collections::BTreeSet<_>>()
    };
    let data = init.environment["DATA"].as_str();
    run(root.path(), &init.command[2], &[], &[("DATA", data), ("CA_CERTIFICATE", PEM)]);
    for name in ["cert.pem", "cloud-exchange-ca.crt"] {
        assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), format!("{PEM}\n"), "{name}");
    }
    fs::write(folder.join("of-the-user.crt"), "").unwrap();
    run(root.path(), &init.command[2], &[], &[("DATA", data)]);
    assert_eq!(names(), ["of-the-user.crt".to_owned()].into());
}

#[test]
fn the_init_script_passes_any_password_on() {
    let root = tempfile::tempdir().unwrap();
    let data = &container("init-container").environment["DATA"];
    let script = String::from_utf8(BASE64_STANDARD.decode(data).unwrap()).unwrap();
    assert_eq!(script.lines().count(), 1);
    let environment = [
        ("MONGO_INITDB_DATABASE", "cte"),
        ("MONGO_INITDB_ROOT_USERNAME", "root"),
        ("MONGO_INITDB_ROOT_PASSWORD", AWKWARD),
    ];
    run(root.path(), &script, &["mongosh"], &environment);
    let calls = fs::read_to_string(root.path().join("calls")).unwrap();
    let arguments: Vec<_> = calls.lines().collect();
    assert_eq!(arguments[..8], ["cte", "--quiet", "--authenticationDatabase", "admin", "-u", "root", "-p", AWKWARD]);
    assert_eq!(arguments.len(), 10);
    let javascript = arguments[9];
    assert!(javascript.contains("pwd: process.env.MONGODB_PASSWORD") && javascript.contains("\"dbOwner\""));
}

#[test]
fn rabbitmq_gets_its_cookie_and_five_settings() {
    let root = tempfile::tempdir().unwrap();
    // A function cannot be exec'd; the word before it is not what this test is about.
    let script = container("rabbitmq-stats").entry_point[2].replace("exec docker-entrypoint.sh", "docker_entrypoint");
    run(root.path(), &script, &["docker_entrypoint"], &[("RABBITMQERLCOOKIE", AWKWARD)]);
    let read = |path: &str| fs::read_to_string(root.path().join(path)).unwrap();
    assert_eq!(read("var/lib/rabbitmq/.erlang.cookie"), format!("{AWKWARD}\n"));
    assert_eq!(
        read("etc/rabbitmq/conf.d/custom.conf"),
        "consumer_timeout = 86400000\n\
         disk_free_limit.absolute = 3GB\n\
         total_memory_available_override_value = 3GB\n\
         vm_memory_high_watermark_paging_ratio = 0.60\n\
         vm_memory_high_watermark.relative = 0.80\n"
    );
    assert_eq!(read("calls"), "rabbitmq-server\n");
    assert!(container("rabbitmq-stats").command.is_empty());
}

#[test]
fn core_health_check_tells_an_open_port_from_a_closed_one() {
    let check = container("core").health_check.unwrap().command;
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    // Both ways of asking: with python3, and where there is none.
    for check in [check.clone(), check.replace("command -v python3", "false")] {
        let healthy = |port: u16| {
            let check = check.replace("8000", &port.to_string());
            Command::new("sh").arg("-c").arg(check).stderr(std::process::Stdio::null()).status().unwrap().success()
        };
        assert!(healthy(port));
        // Port 1 is reserved, and nothing listens there.
        assert!(!healthy(1));
    }
}
