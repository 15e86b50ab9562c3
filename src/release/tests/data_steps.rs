//! The scripts of the data steps, run by a real shell with stand-ins for the servers of the images.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::settings;
use crate::release::{Catalogue, Container, DataStep, Release, Shell, Side, StepContainer};

fn release(version: &str) -> &'static Release {
    Catalogue::builtin().get(version.parse().unwrap()).unwrap()
}

fn step(version: &str, name: &str) -> &'static DataStep {
    release(version).data_steps.iter().find(|step| step.name == name).unwrap()
}

/// Every step of the catalogue, rendered between a release and its predecessor.
fn all() -> Vec<(&'static Release, &'static DataStep, StepContainer)> {
    let steps = Catalogue::builtin().releases().flat_map(|new| {
        let old = new.predecessors.iter().filter_map(|version| Catalogue::builtin().get(*version));
        old.flat_map(move |old| {
            new.data_steps_from(old.version)
                .map(move |step| (new, step, step.render(old, new, &settings()).expect("the container is there")))
        })
    });
    steps.collect()
}

#[test]
fn all_steps() {
    let shown = all().into_iter().map(|(new, step, StepContainer { container, image_of, mounts_of })| {
        let Container { image, user, entry_point, mounts, secrets, .. } = &container;
        let mounts: Vec<_> = mounts.iter().map(|mount| format!("{} at {}", mount.volume, mount.path)).collect();
        format!(
            "{} {}: {}\n{image} (of {image_of:?}) as {user:?}, {entry_point:?}, changes data: {}, {} s\n\
             {mounts_of:?}: {}\nsecrets: {:?}\n{}",
            new.version,
            step.name,
            step.about,
            step.changes_data,
            step.timeout,
            mounts.join(", "),
            secrets.keys().collect::<Vec<_>>(),
            container.command.join("\n")
        )
    });
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_script_can_be_parsed_and_is_strict() {
    assert_eq!(all().len(), 11);
    for (_, step, StepContainer { container, .. }) in all() {
        let check = Command::new(container.entry_point[0].as_str()).args(["-n", "-c", &container.command[0]]).output();
        assert!(check.unwrap().status.success(), "{}", step.name);
        let strict = match step.shell {
            Shell::Bash => "set -euo pipefail\n",
            Shell::Sh => "set -eu\n",
        };
        assert!(step.script.starts_with(strict), "{}", step.name);
    }
}

#[test]
fn scripts_that_do_the_same_are_the_same() {
    let rabbit = |version| &step(version, "rabbitmq-feature-flags").script;
    for version in ["5.1.0", "5.1.1", "5.1.2"] {
        assert_eq!(rabbit(version), rabbit("5.0.0"), "{version}");
    }
    // 6.x calls the cookie by another name.
    assert_eq!(rabbit("6.0.1").replace("$RABBITMQ_COOKIE", "$RABBITMQERLCOOKIE"), *rabbit("5.0.0"));
    let mongo = |version, name, from: &str| {
        let script = step(version, name).script.replace(&format!("{from}\""), "4.4\"");
        script.replace(&format!("-{from}\n"), "-4.4\n").replace(&format!(" {from}:"), " 4.4:")
    };
    let first = step("4.1.0", "mongodb-compatibility").script.replace("/bitnami/mongodb/data/db", "/data/db");
    assert_eq!(mongo("5.0.1", "mongodb-compatibility", "5.0"), first);
    assert_eq!(mongo("5.1.2", "mongodb-compatibility-6", "6.0"), first);
    assert_eq!(mongo("5.1.2", "mongodb-compatibility-7", "7.0").replace(", confirm: true", ""), first);
}

#[test]
fn what_only_some_predecessors_need_is_left_out_for_others() {
    let mut step = step("5.0.0", "rabbitmq-feature-flags").clone();
    let [older, other] = ["4.2.0", "4.1.0"].map(|version| version.parse().unwrap());
    assert!(step.concerns(older) && step.concerns(other));
    step.from = vec![older];
    assert!(step.concerns(older) && !step.concerns(other));
}

#[test]
fn the_steps_of_6_x_touch_feature_flags_only_where_khepri_is_experimental() {
    // In RabbitMQ 4.2, of 6.0.1 and 6.1.0, `all` would enable khepri_db, which cannot be undone.
    let steps = |version| release(version).data_steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>();
    assert_eq!(["6.0.0", "6.0.1", "6.1.0"].map(steps), [&[][..], &["rabbitmq-feature-flags"], &[]]);
    let step = step("6.0.1", "rabbitmq-feature-flags");
    let rendered = step.render(release("6.0.0"), release("6.0.1"), &settings()).unwrap();
    let StepContainer { container, mounts_of, .. } = rendered;
    assert_eq!((mounts_of, container.image.reference()), (Side::Old, "rabbitmq4-4.1.3"));
    assert!(!step.changes_data);
    // Nobody writes the files of a task volume here, and the broker speaks with its own tools alone.
    assert_eq!(container.mounts.iter().map(|mount| mount.volume.as_str()).collect::<Vec<_>>(), ["rabbitmq-data"]);
}

#[test]
fn a_step_takes_its_container_from_the_release_that_it_names() {
    let (old, new) = (release("4.2.0"), release("5.0.0"));
    let mut step = step("5.0.0", "rabbitmq-feature-flags").clone();
    let image = |step: &DataStep| step.render(old, new, &settings()).unwrap().container.image.reference().to_owned();
    assert_eq!(image(&step), "3.11.11-management");
    step.container.release = Side::New;
    assert_eq!(image(&step), "3.12.6-management");
    step.container.name = "none".to_owned();
    assert_eq!(step.render(old, new, &settings()), None);
}

/// A folder that stands for the container: its volumes, the programs of its image, and what was called.
struct Stage {
    root: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("bin")).unwrap();
        let this = Self { root };
        this.program("sleep", "exec /bin/sleep 0.01");
        this
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        let log = format!("echo \"{name} $*\" >> {}", self.path("calls").display());
        fs::write(&path, format!("#!/bin/bash\ncd {}\n{log}\n{script}\n", self.root.path().display())).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// A server that is up as long as the file `up` is there, and removes it when it is asked to stop.
    fn server(&self, name: &str) {
        self.program(
            name,
            "trap 'rm up; echo stopped >> calls; exit 0' TERM\necho $$ > up\nwhile :; do /bin/sleep 0.02; done",
        );
    }

    fn run(&self, step: &DataStep) -> Output {
        let moved = ["/var/lib/rabbitmq", "/etc/rabbitmq/conf.d", "/bitnami/mongodb/data/db", "/data"];
        // Paths begin after a space or an equals sign; those that are moved already do so no more.
        let marked = step.script.replace(" /", " @/").replace("=/", "=@/");
        let script = moved.iter().fold(marked, |script, folder| {
            let folder: &Path = folder.as_ref();
            let there = self.root.path().join(folder.strip_prefix("/").unwrap());
            fs::create_dir_all(&there).unwrap();
            script.replace(&format!("@{}", folder.display()), &there.display().to_string())
        });
        let script = script.replace('@', "");
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        let mut command = Command::new(step.shell.path());
        let cookie = [("RABBITMQERLCOOKIE", "a b"), ("RABBITMQ_COOKIE", "c d")];
        command.arg("-c").arg(script).env("PATH", path).envs(cookie).output().unwrap()
    }

    /// What was called since the last look.
    fn calls(&self) -> String {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let _ = fs::remove_file(self.path("calls"));
        calls.lines().filter(|line| !line.starts_with("sleep") && !line.contains("ping")).collect::<Vec<_>>().join("\n")
    }

    fn is_up(&self) -> bool {
        self.path("up").exists()
    }
}

/// MongoDB, and its shell, which obeys as long as the server is up.
fn mongodb() -> Stage {
    let container = Stage::new();
    fs::create_dir_all(container.path("data/db")).unwrap();
    container.server("mongod");
    container.program(
        "mongosh",
        r#"[ -e up ] || exit 1
case "${@: -1}" in
*setFeature*) if [ ! -e stubborn ] && [[ "${@: -1}" =~ \"([0-9.]+)\" ]]; then echo "${BASH_REMATCH[1]}" > fcv; fi ;;
*getParameter*) [[ "${@: -1}" == *"=== \"$(cat fcv)\""* ]] ;;
esac"#,
    );
    container
}

#[test]
fn mongodb_is_set_once_and_shut_down() {
    let steps = all().into_iter().filter(|(_, step, _)| step.name.starts_with("mongodb"));
    for (_, step, StepContainer { container, .. }) in steps {
        let there = mongodb();
        let output = there.run(step);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let version = step.about.rsplit(' ').next().unwrap();
        assert_eq!(fs::read_to_string(there.path("fcv")).unwrap().trim(), version);
        let calls = there.calls();
        assert!(calls.contains("--bind_ip 127.0.0.1") && calls.ends_with("stopped"), "{calls}");
        assert_eq!(calls.contains("confirm: true"), version == "7.0");
        assert!(!there.is_up());
        // The second time no server is started, whatever has become of the data since.
        assert!(there.run(step).status.success());
        assert_eq!(there.calls(), "");
        assert!(container.mounts.iter().any(|mount| mount.volume == "mongo-data" && !mount.read_only));
    }
}

#[test]
fn mongodb_that_does_not_come_up_or_does_not_obey_fails_the_step() {
    let step = step("5.0.1", "mongodb-compatibility");
    let there = mongodb();
    there.program("mongod", "exit 62");
    let output = there.run(step);
    assert!(!output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "MongoDB has ended before it was up\n");
    let there = mongodb();
    fs::write(there.path("stubborn"), "").unwrap();
    fs::write(there.path("fcv"), "4.4").unwrap();
    let output = there.run(step);
    assert!(!output.status.success());
    assert!(!there.is_up(), "no process stays");
    // It is done as soon as it can be.
    fs::remove_file(there.path("stubborn")).unwrap();
    assert!(there.run(step).status.success());
}

/// The broker, and its tools, which answer as long as it is up. `flags` is its list of feature flags.
fn rabbitmq() -> Stage {
    let container = Stage::new();
    container.server("docker-entrypoint.sh");
    container.program("rabbitmq-diagnostics", "[ -e up ]");
    container.program(
        "rabbitmqctl",
        r#"[ -e up ] || exit 69
case "$2" in
enable_feature_flag) [ -e stubborn ] || sed -i '/stable/s/disabled/enabled/' flags ;;
list_feature_flags) cat flags ;;
shutdown) kill -TERM "$(cat up)"; while [ -e up ]; do /bin/sleep 0.02; done ;;
esac"#,
    );
    let flags = "name\tstate\tstability\nquorum_queue\tenabled\trequired\nstream_filtering\tdisabled\tstable\n\
                 khepri_db\tdisabled\texperimental\n";
    fs::write(container.path("flags"), flags).unwrap();
    container
}

#[test]
fn the_brokers_stable_flags_are_enabled_and_it_is_shut_down() {
    for (version, cookie) in [("5.0.0", "a b"), ("6.0.1", "c d")] {
        enables_the_stable_flags(step(version, "rabbitmq-feature-flags"), cookie);
    }
}

fn enables_the_stable_flags(step: &DataStep, cookie: &str) {
    let there = rabbitmq();
    for _ in ["first", "second"] {
        let output = there.run(step);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let flags = fs::read_to_string(there.path("flags")).unwrap();
        assert!(flags.contains("stream_filtering\tenabled") && flags.contains("khepri_db\tdisabled"));
        let calls = there.calls();
        assert!(calls.contains("docker-entrypoint.sh rabbitmq-server"), "{calls}");
        assert!(calls.contains("enable_feature_flag all") && calls.ends_with("stopped"), "{calls}");
        assert!(!there.is_up());
    }
    assert_eq!(fs::read_to_string(there.path("var/lib/rabbitmq/.erlang.cookie")).unwrap(), format!("{cookie}\n"));
}

#[test]
fn a_broker_that_does_not_come_up_or_keeps_a_flag_disabled_fails_the_step() {
    let step = step("5.0.0", "rabbitmq-feature-flags");
    let there = rabbitmq();
    there.program("docker-entrypoint.sh", "exit 1");
    let output = there.run(step);
    assert!(!output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "RabbitMQ has ended before it was up\n");
    let there = rabbitmq();
    fs::write(there.path("stubborn"), "").unwrap();
    let output = there.run(step);
    assert!(!output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "the feature flag stream_filtering is disabled\n");
    assert!(!there.is_up(), "no process stays");
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name().into_string().unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(&entry.path()).into_iter().map(|inner| format!("{name}/{inner}"))),
            false => found.push(name),
        }
    }
    found.sort();
    found
}

fn put(folder: &Path, names: &[&str]) {
    for name in names {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
}

#[test]
fn plugins_of_the_user_move_once() {
    let step = step("4.2.0", "custom-plugins");
    let there = Stage::new();
    let volume = there.path("data");
    fs::create_dir(&volume).unwrap();
    put(&volume, &["__init__.py", "my plug/main.py", ".hidden"]);
    // An earlier attempt ended after the first of them.
    put(&volume, &["custom_plugins/other/main.py"]);
    assert!(there.run(step).status.success());
    let moved = [
        ".ce-aws-custom-plugins",
        "custom_plugins/.hidden",
        "custom_plugins/__init__.py",
        "custom_plugins/my plug/main.py",
        "custom_plugins/other/main.py",
    ];
    assert_eq!(files(&volume), moved);
    // What the release puts beside them stays there.
    put(&volume, &["shipped/main.py"]);
    assert!(there.run(step).status.success());
    assert!(volume.join("shipped/main.py").exists());
}

#[test]
fn a_plugin_that_is_there_twice_is_not_overwritten() {
    let step = step("4.2.0", "custom-plugins");
    let there = Stage::new();
    let volume = there.path("data");
    fs::create_dir(&volume).unwrap();
    put(&volume, &["mine/main.py", "custom_plugins/mine/other.py"]);
    let output = there.run(step);
    assert!(!output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "custom_plugins/mine is there already\n");
    assert!(volume.join("mine/main.py").exists() && !volume.join(".ce-aws-custom-plugins").exists());
}

#[test]
fn leftovers_are_set_aside_and_what_the_release_writes_is_not() {
    let step = step("4.2.0", "rabbitmq-leftovers");
    let there = Stage::new();
    let folder = there.path("etc/rabbitmq/conf.d");
    put(&folder, &["rabbitmq.conf", ".old", "custom.conf/inner"]);
    assert!(there.run(step).status.success());
    let aside = ["set-aside/.old", "set-aside/custom.conf/inner", "set-aside/rabbitmq.conf"];
    assert_eq!(files(&folder), aside);
    put(&folder, &["custom.conf", "rabbitmq.conf"]);
    assert!(there.run(step).status.success());
    let left = ["custom.conf", "set-aside/.old", "set-aside/custom.conf/inner", "set-aside/rabbitmq.conf"];
    assert_eq!(files(&folder), [&left[..], &["set-aside/rabbitmq.conf.~1~"]].concat());
}
