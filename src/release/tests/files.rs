//! Files that a container delivers: what a release file may say of them, and what the script really does.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use super::settings;
use crate::release::{Catalogue, Container, Release, SecretHome, SecretKey};

const VOLUMES: &str = r#"
[[task_volumes]]
name = "certs"

[[files]]
volume = "certs"
path = "server.pem"
owner = "1001:1001"
mode = "0440"
secrets = ["internal_certificate", "internal_key"]

[[files]]
volume = "certs"
path = "conf.d/custom.conf"
content = '''
a 'b' "c" $HOME `id` $(id) \e;f&g*h%i %s\n
-- last
'''

[[files]]
volume = "mongo-init"
path = "init.sh"
mode = "0555"
content = "exit 0\n"

[[files]]
volume = "certificate"
path = "cloud-exchange-ca.crt"
ca_certificate = true
"#;

const CONTENT: &str = "a 'b' \"c\" $HOME `id` $(id) \\e;f&g*h%i %s\\n\n-- last\n";

/// Release 5.0.0, in which the init container delivers files.
static FILE: LazyLock<String> = LazyLock::new(|| {
    let text = include_str!("../catalogue/5.0.0.toml");
    let (before, rest) = text.split_once("essential = false\nca_certificate = true\n").unwrap();
    let (_, after) = rest.split_once("# Copies the plug-ins").unwrap();
    let deliverer = "essential = false\ndelivers_files = true\nmemory = { mib = 256 }\n\
        start_timeout = 120\nstop_timeout = 120\nenvironment = {}\n# Copies the plug-ins";
    let text = format!("{before}{deliverer}{after}");
    let ui = "mounts = [{ volume = \"ssl_certs\", path = \"/tmp/ssl_certs\" }]";
    let certs = "memory = { share = 6 }\nmounts = [{ volume = \"ssl_certs\", path = \"/tmp/ssl_certs\" }, \
        { volume = \"certs\", path = \"/certs\", read_only = true }]";
    assert!(text.contains(ui));
    let text = text.replace(ui, certs);
    text.replacen("# --- containers", &format!("{VOLUMES}\n# --- containers"), 1)
});

fn parse(text: &str) -> Result<Release, String> {
    let catalogue = Catalogue::parse([("test.toml", text)]).map_err(|error| {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        format!("{error}{}", source.unwrap_or_default())
    })?;
    Ok(catalogue.releases().next().unwrap().clone())
}

fn release() -> Release {
    parse(&FILE).unwrap()
}

fn deliverer() -> Container {
    release().render(&settings()).into_iter().find(|container| container.delivers_files).unwrap()
}

#[test]
fn the_delivering_container() {
    insta::assert_json_snapshot!(deliverer());
}

#[test]
fn who_needs_the_internal_certificate_and_who_takes_a_ca() {
    assert!(release().internal_certificate() && release().takes_ca_certificate());
    let five = Catalogue::builtin().get("5.0.0".parse().unwrap()).unwrap();
    assert!(!five.internal_certificate() && five.takes_ca_certificate());
    let four = Catalogue::builtin().get("4.0.0".parse().unwrap()).unwrap();
    assert!(!four.internal_certificate() && !four.takes_ca_certificate());
    assert_eq!(SecretKey::JwtSecret.home(), SecretHome::Credentials);
    assert_eq!(SecretKey::InternalKey.home(), SecretHome::InternalCertificate);
}

#[test]
fn a_data_step_has_none_of_the_task_volumes() {
    let step = "container = { release = \"old\", name = \"rabbitmq-stats\" }";
    assert!(FILE.contains(step));
    let release = parse(&FILE.replace(step, "container = { release = \"new\", name = \"ui\" }")).unwrap();
    let step = release.data_steps[0].render(&release, &release, &settings()).unwrap();
    let volumes: Vec<_> = step.container.mounts.iter().map(|mount| mount.volume.as_str()).collect();
    assert_eq!(volumes, ["ssl_certs"]);
}

/// Runs the script in a real shell, with `/files` below `root` and a stand-in for `chown`, which only root may call.
fn run(root: &Path, environment: &[(&str, &str)]) -> Output {
    let container = deliverer();
    let (programs, files) = (root.join("bin"), root.join("files"));
    for volume in ["certs", "mongo-init", "certificate"] {
        fs::create_dir_all(files.join(volume)).unwrap();
    }
    fs::create_dir_all(&programs).unwrap();
    let chown = programs.join("chown");
    fs::write(&chown, format!("#!/bin/sh\necho \"$@\" >> {}/owners\n", root.display())).unwrap();
    fs::set_permissions(&chown, fs::Permissions::from_mode(0o755)).unwrap();
    let script = container.command[0].replace("/files/", &format!("{}/", files.display()));
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    Command::new(&container.entry_point[0])
        .args(&container.entry_point[1..])
        .arg(script)
        .env_clear()
        .env("PATH", path)
        .envs(&container.environment)
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nA+/%s\\n$HOME`id`=\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n'\"*\n-----END PRIVATE KEY-----";
const SECRETS: [(&str, &str); 2] = [("SECRET_INTERNAL_CERTIFICATE", CERTIFICATE), ("SECRET_INTERNAL_KEY", KEY)];

/// Path, mode and text of every file.
fn found(root: &Path) -> BTreeMap<String, (u32, String)> {
    let mut all = BTreeMap::new();
    let mut folders = vec![root.join("files")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
            let name = path.strip_prefix(root.join("files")).unwrap().display().to_string();
            all.insert(name, (mode, fs::read_to_string(&path).unwrap()));
        }
    }
    all
}

#[test]
fn every_file_arrives_to_the_letter_with_mode_and_owner_and_so_it_does_a_second_time() {
    let root = tempfile::tempdir().unwrap();
    let ca = [SECRETS.as_slice(), &[("CA_CERTIFICATE", CERTIFICATE)]].concat();
    let expected = BTreeMap::from([
        ("certificate/cloud-exchange-ca.crt".to_owned(), (0o444, CERTIFICATE.to_owned())),
        ("certs/conf.d/custom.conf".to_owned(), (0o444, CONTENT.to_owned())),
        ("certs/server.pem".to_owned(), (0o440, format!("{CERTIFICATE}{KEY}\n"))),
        ("mongo-init/init.sh".to_owned(), (0o555, "exit 0\n".to_owned())),
    ]);
    for _ in 0..2 {
        let output = run(root.path(), &ca);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(found(root.path()), expected);
        let folder = fs::metadata(root.path().join("files/certs/conf.d")).unwrap();
        assert_eq!(folder.permissions().mode() & 0o777, 0o755, "everybody may pass through");
        let shown = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!shown.contains("BEGIN") && shown.contains("wrote "), "no content is in the log: {shown}");
    }
    let owners = fs::read_to_string(root.path().join("owners")).unwrap();
    let pem = root.path().join("files/certs/server.pem.new");
    assert_eq!(owners, format!("1001:1001 {}\n", pem.display()).repeat(2), "before it has its name, and nothing else");
}

#[test]
fn what_is_there_is_replaced_and_what_was_left_half_done_does_no_harm() {
    let root = tempfile::tempdir().unwrap();
    assert!(run(root.path(), &SECRETS).status.success());
    let certs = root.path().join("files/certs");
    fs::remove_file(certs.join("server.pem")).unwrap();
    fs::write(certs.join("server.pem"), "of before").unwrap();
    // The name is a link to somewhere else: it goes, and what it points to stays.
    fs::write(root.path().join("precious"), "precious").unwrap();
    std::os::unix::fs::symlink(root.path().join("precious"), certs.join("server.pem.new")).unwrap();
    assert!(run(root.path(), &SECRETS).status.success());
    assert_eq!(found(root.path())["certs/server.pem"], (0o440, format!("{CERTIFICATE}{KEY}\n")));
    assert_eq!(fs::read_to_string(root.path().join("precious")).unwrap(), "precious");
}

#[test]
fn without_a_ca_its_file_goes_and_those_of_others_stay() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("files/certificate");
    for none in [SECRETS.to_vec(), [SECRETS.as_slice(), &[("CA_CERTIFICATE", "")]].concat()] {
        let with = [SECRETS.as_slice(), &[("CA_CERTIFICATE", CERTIFICATE)]].concat();
        assert!(run(root.path(), &with).status.success());
        fs::write(folder.join("of-the-user.crt"), "").unwrap();
        assert!(folder.join("cloud-exchange-ca.crt").exists());
        assert!(run(root.path(), &none).status.success());
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["of-the-user.crt"]);
    }
}

#[test]
fn what_cannot_be_written_whole_is_not_written_and_ends_the_container() {
    let missing = tempfile::tempdir().unwrap();
    let output = run(missing.path(), &SECRETS[..1]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("SECRET_INTERNAL_KEY"), "{output:?}");
    assert!(found(missing.path()).is_empty());
    let taken = tempfile::tempdir().unwrap();
    fs::create_dir_all(taken.path().join("files/certs/server.pem")).unwrap();
    let output = run(taken.path(), &SECRETS);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("server.pem is a directory"), "{output:?}");
    assert!(found(taken.path()).is_empty());
}

#[test]
fn contradictions_are_refused() {
    let long = format!("content = \"{}\\n\"", "x".repeat(58_000));
    let twice = "path = \"server.pem\"\ncontent = \"\\n\"\n\n[[files]]\nvolume = \"certs\"\npath = \"server.pem\"";
    let colliding =
        "content = \"exit 0\\n\"\n[[files]]\nvolume = \"mongo-init\"\npath = \"init_sh\"\ncontent = \"\\n\"";
    let cases = [
        ("delivers_files = true\n", ""),
        ("name = \"core-init-container\"", "name = \"core-init-container\"\ndelivers_files = true"),
        ("delivers_files = true\n", "delivers_files = true\nuser = \"1:1\"\n"),
        ("delivers_files = true\n", "delivers_files = true\nentry_point = [\"sh\"]\n"),
        ("delivers_files = true\n", "delivers_files = true\ncommand = [\"sh\"]\n"),
        ("delivers_files = true\n", "delivers_files = true\nmounts = [{ volume = \"certs\", path = \"/x\" }]\n"),
        ("delivers_files = true\n", "delivers_files = true\nca_certificate = true\n"),
        ("environment = {}\n", "environment = { FILE_MONGO_INIT_INIT_SH = \"\" }\n"),
        ("environment = {}\n", "environment = { SECRET_INTERNAL_KEY = \"\" }\n"),
        ("environment = {}\n", "environment = { CA_CERTIFICATE = \"\" }\n"),
        ("volume = \"certs\"\npath = \"server.pem\"", "volume = \"cert\"\npath = \"server.pem\""),
        ("path = \"init.sh\"", "path = \"init.sh\"\nowner = \"0:0\""),
        ("path = \"init.sh\"", "path = \"/init.sh\""),
        ("path = \"init.sh\"", "path = \"../init.sh\""),
        ("path = \"init.sh\"", "path = \"a//init.sh\""),
        ("path = \"init.sh\"", "path = \"a/$(id)\""),
        ("path = \"init.sh\"", "path = \"-init.sh\""),
        ("path = \"init.sh\"", "path = \"init.sh.new\""),
        ("path = \"server.pem\"", "path = \"conf.d\""),
        ("path = \"server.pem\"", twice),
        ("content = \"exit 0\\n\"", colliding),
        ("content = \"exit 0\\n\"", "content = \"exit 0\""),
        ("content = \"exit 0\\n\"", "content = \"\\u0000\\n\""),
        ("content = \"exit 0\\n\"", &long),
        ("secrets = [\"internal_certificate\"", "secrets = [\"mongo_connection_string\""),
        ("depends_on = { init-container = \"SUCCESS\" }", "depends_on = {}"),
        ("depends_on = { init-container = \"SUCCESS\" }", "depends_on = { init-container = \"COMPLETE\" }"),
        ("depends_on = { core = \"START\" }", "depends_on = { rabbitmq-stats = \"START\" }"),
        ("\"certs\"", "\"mongo-init\""),
        ("\"certs\"", "\"c.erts\""),
        ("name = \"certs\"", "name = \"certs\"\n[[task_volumes]]\nname = \"others\""),
        ("release = \"old\", name = \"rabbitmq-stats\"", "release = \"new\", name = \"init-container\""),
        ("memory = { mib = 256 }", "memory = { mib = 5 }"),
        ("memory = { share = 6 }", "memory = { share = 33 }"),
        ("memory = { share = 6 }", "memory = { share = 32 }"),
    ];
    let messages = cases.iter().map(|(from, to)| {
        assert!(FILE.contains(from), "{from}");
        // The name of a volume is there several times.
        let count = if *from == "\"certs\"" { usize::MAX } else { 1 };
        let mut file = FILE.replacen(from, to, count);
        if to.contains("mongo_connection_string") {
            let without = |line: &&str| !line.to_lowercase().starts_with("mongo_connection_string");
            file = file.lines().filter(without).collect::<Vec<_>>().join("\n");
        }
        let to: String = to.chars().take(120).collect();
        match parse(&file) {
            Ok(_) => format!("{from} -> {to}\n    is accepted"),
            Err(message) => format!("{to}\n    {message}"),
        }
    });
    let messages: Vec<_> = messages.collect();
    assert!(messages.iter().all(|message| !message.contains("is accepted")), "{}", messages.join("\n"));
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn other_formats_are_refused() {
    let cases = [
        ("content = \"exit 0\\n\"", ""),
        ("content = \"exit 0\\n\"", "content = \"exit 0\\n\"\nca_certificate = true"),
        ("content = \"exit 0\\n\"", "content = \"exit 0\\n\"\nsecrets = [\"jwt_secret\"]"),
        ("content = \"exit 0\\n\"", "secrets = []"),
        ("owner = \"1001:1001\"", "owner = \"root\""),
        ("owner = \"1001:1001\"", "owner = \"1001\""),
        ("owner = \"1001:1001\"", "owner = \"+1:1\""),
        ("mode = \"0440\"", "mode = \"440\""),
        ("secrets = [\"internal_certificate\"", "secrets = [\"certificate\""),
        ("memory = { mib = 256 }", "memory = { mib = 256, share = 1 }"),
        ("memory = { mib = 256 }", "memory = 256"),
    ];
    for (from, to) in cases {
        let message = parse(&FILE.replacen(from, to, 1)).unwrap_err();
        assert!(message.starts_with("release file test.toml cannot be read: "), "{to}: {message}");
    }
}

#[test]
fn memory_is_a_share_of_the_package_or_a_fixed_amount() {
    use crate::release::{Memory, Package};
    let shares = Package::ALL.map(|package| Memory::Share(6).mib(package));
    assert_eq!(shares, Package::ALL.map(Package::rabbitmq_memory_mib));
    assert_eq!(Package::ALL.map(|package| Memory::Mib(256).mib(package)), [256; 4]);
    assert_eq!(deliverer().memory, Some(Memory::Mib(256)));
}
