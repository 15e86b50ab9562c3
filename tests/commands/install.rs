//! What is installed beside the program: its version, completions, man pages, and the release archive.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{run, run_with, text};

#[allow(dead_code)]
#[path = "../../build.rs"]
mod build;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ce-aws");

/// Git, as somebody with neither a configuration nor a clock.
fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    command
        .envs(["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"].map(|n| (n, "x")));
    command.envs(["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"].map(|name| (name, "2026-11-29T23:30:00+0000")));
    let output = command.current_dir(folder).args(arguments).output().expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {}", text(&output.stderr));
}

#[test]
fn the_version_starts_with_the_number() {
    let folder = TempDir::new().expect("a folder");
    let said = text(&run(folder.path(), &["--version"]).stdout);
    assert!(said.starts_with(concat!("ce-aws ", env!("CARGO_PKG_VERSION"), " (")), "{said}");
}

#[test]
fn a_release_build_tells_commit_and_date_of_its_own_repository() {
    let folder = TempDir::new().expect("a folder");
    let own = folder.path();
    assert_eq!(build::commit(own), None, "a source archive");
    git(own, &["init", "--quiet", "--initial-branch", "main"]);
    git(own, &["commit", "--quiet", "--allow-empty", "--message", "one"]);
    let head = Command::new("git").current_dir(own).args(["rev-parse", "HEAD"]).output().expect("git runs");
    assert_eq!(build::commit(own), Some(format!("{} 2026-11-29", &text(&head.stdout)[..9])));
    let inside = own.join("unpacked");
    std::fs::create_dir(&inside).expect("created");
    assert_eq!(build::commit(&inside), None, "a source archive in the repository of something else");
}

#[test]
fn a_commit_changes_a_file_that_cargo_watches() {
    let folder = TempDir::new().expect("a folder");
    let own = folder.path();
    git(own, &["init", "--quiet", "--initial-branch", "main"]);
    git(own, &["commit", "--quiet", "--allow-empty", "--message", "one"]);
    // Then the branch has no file of its own.
    git(own, &["pack-refs", "--all"]);
    let read = || -> Vec<(String, Vec<u8>)> {
        let files = build::changed_by_commits(own).into_iter();
        files.map(|file| (file.clone(), std::fs::read(own.join(file)).expect("it is there"))).collect()
    };
    let before = read();
    git(own, &["commit", "--quiet", "--allow-empty", "--message", "two"]);
    let now = |file: &str| std::fs::read(own.join(file)).expect("it is there");
    assert!(before.iter().any(|(file, content)| *content != now(file)), "{before:?}");
}

/// What bash offers for the last of these words.
fn completed(folder: &Path, words: &[&str]) -> BTreeSet<String> {
    let ask = r#"source <(ce-aws completions bash)
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _clap_complete_ce_aws ce-aws "${COMP_WORDS[COMP_CWORD]}" && printf '%s\n' "${COMPREPLY[@]}""#;
    let programs = Path::new(PROGRAM).parent().expect("a folder").display().to_string();
    let mut command = Command::new("bash");
    command.env_clear().env("PATH", format!("{programs}:/usr/bin:/bin")).current_dir(folder);
    let output = command.args(["--norc", "-c", ask, "bash", "ce-aws"]).args(words).output().expect("bash runs");
    text(&output.stdout).lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn bash_completes_values() {
    let folder = TempDir::new().expect("a folder");
    for name in ["prod.toml", "test.toml", "prod.json"] {
        std::fs::write(folder.path().join(name), "").expect("written");
    }
    std::fs::create_dir(folder.path().join("plans")).expect("created");
    let offered = |words: &[&str]| completed(folder.path(), words);
    let of = |words: &[&str]| words.iter().map(ToString::to_string).collect::<BTreeSet<_>>();

    assert!(offered(&["upg"]).contains("upgrade") && !offered(&[""]).contains("man"));
    for words in [&["upgrade", "--to", ""] as &[&str], &["releases", ""], &["init", "--release", "5"]] {
        assert!(offered(words).contains("5.1.2"), "{words:?}: {:?}", offered(words));
    }
    assert!(offered(&["plan", "p"]).is_superset(&of(&["prod.toml", "plans/"])));
    assert!(!offered(&["plan", "p"]).contains("prod.json"));
    assert!(offered(&["apply", "p"]).contains("prod.json"), "a saved plan has any name");
    assert_eq!(offered(&["explain", "quota/"]).iter().find(|code| !code.starts_with("quota/")), None);
    assert!(offered(&["explain", "quota/e"]).contains("quota/exceeded"));
    assert!(offered(&["discover", "sub"]).contains("subnets"));
    assert_eq!(offered(&["init", "--package", "m"]), of(&["medium"]));
}

#[test]
fn a_shell_that_asks_starts_nothing() {
    let folder = TempDir::new().expect("a folder");
    let unknown = run_with(folder.path(), &[("CE_AWS_COMPLETE", "nosuchshell")], &["apply", "--yes"]);
    assert_eq!(unknown.status.code(), Some(64));
    let other = run_with(folder.path(), &[("COMPLETE", "bash")], &["--version"]);
    assert!(text(&other.stdout).starts_with("ce-aws "), "a variable of other programs");
}

#[test]
fn there_is_a_man_page_for_each_command() {
    let folder = TempDir::new().expect("a folder");
    let written = run(folder.path(), &["man", "."]);
    assert_eq!(written.status.code(), Some(0), "{}", text(&written.stderr));
    let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    for command in super::COMMANDS {
        let name = format!("ce-aws-{}.1", command.replace(' ', "-"));
        assert!(page(&name).contains(".SH SYNOPSIS"), "{name}");
    }
    assert!(page("ce-aws.1").contains("Exit codes") && page("ce-aws.1").contains("CE_AWS_REGION"));
    assert!(page("ce-aws-man.1").is_empty(), "nobody but the release needs it");
    assert_eq!(run(folder.path(), &["man", "missing"]).status.code(), Some(64));
}

#[test]
fn a_release_archive_is_complete_and_reproducible() {
    let folder = TempDir::new().expect("a folder");
    // As good as the program itself, and packed much faster.
    let program = folder.path().join("program");
    std::fs::write(&program, format!("#!/bin/sh\nexec '{PROGRAM}' \"$@\"\n")).expect("written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).expect("set");
    let archive = |name: &str| -> PathBuf {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/release/archive");
        let mut command = Command::new(script);
        command.env("SOURCE_DATE_EPOCH", "1795000000").arg(&program).arg("x86_64-unknown-linux-gnu");
        let output = command.arg(folder.path().join(name)).output().expect("it runs");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).trim().into()
    };
    let (first, second) = (archive("first"), archive("second"));
    let stem = concat!("ce-aws-", env!("CARGO_PKG_VERSION"), "-x86_64-unknown-linux-gnu");
    assert_eq!(first.file_name().and_then(|name| name.to_str()), Some(format!("{stem}.tar.gz").as_str()));
    assert_eq!(std::fs::read(&first).expect("it is there"), std::fs::read(second).expect("it is there"));

    let list =
        Command::new("tar").args(["--list", "--verbose", "--gzip", "--file"]).arg(&first).env("TZ", "UTC").output();
    let list = text(&list.expect("tar runs").stdout);
    for name in ["ce-aws", "LICENSE", "README.md", "ce-aws.schema.json", "completions/_ce-aws", "man/ce-aws-apply.1"] {
        assert!(list.lines().any(|line| line.ends_with(&format!(" {stem}/{name}"))), "{name} is not in\n{list}");
    }
    assert!(list.lines().all(|line| line.contains(" 0/0 ") && line.contains(" 2026-11-18 ")), "{list}");
}
