//! The script that moves what was restored, run by a real shell.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::blueprint::data_steps::UNPACK;

const FOLDER: &str = "aws-backup-restore_2026-03-01T12-00-00-000Z";

/// A restored file system: what was backed up lies in one folder below the root.
struct Restored {
    root: tempfile::TempDir,
}

impl Restored {
    fn with(files: &[&str]) -> Self {
        let this = Self { root: tempfile::tempdir().unwrap() };
        for file in files {
            this.put(&format!("{FOLDER}/{file}"), file);
        }
        this
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn put(&self, path: &str, content: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), content).unwrap();
    }

    fn run(&self) -> Output {
        let script = UNPACK.replace("cd /restored", &format!("cd '{}'", self.root.path().display()));
        assert_ne!(script, UNPACK);
        Command::new("sh").args(["-c", &script]).output().unwrap()
    }

    /// Every file by path, in order.
    fn files(&self) -> Vec<String> {
        fn below(folder: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
                match entry.file_type().unwrap().is_dir() {
                    true => below(&entry.path(), root, found),
                    false => found.push(entry.path().strip_prefix(root).unwrap().display().to_string()),
                }
            }
        }
        let mut found = Vec::new();
        below(self.root.path(), self.root.path(), &mut found);
        found.sort();
        found
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

const DATA: [&str; 6] =
    [".hidden", "..double", "data/.dot", "data/mongo-data/data/db/WiredTiger", "data/repos/a b/c", "empty name"];

#[test]
fn everything_comes_to_where_it_was_and_a_second_run_changes_nothing() {
    let restored = Restored::with(&DATA);
    fs::create_dir(restored.path(FOLDER).join("nothing-in-it")).unwrap();
    for _ in ["first", "second"] {
        let output = restored.run();
        assert!(output.status.success(), "{}", said(&output));
        let mut wanted = DATA.map(str::to_owned).to_vec();
        wanted.sort();
        assert_eq!(restored.files(), wanted);
        assert!(restored.path("nothing-in-it").is_dir() && !restored.path(FOLDER).exists());
    }
    assert_eq!(fs::read_to_string(restored.path("data/repos/a b/c")).unwrap(), "data/repos/a b/c");
}

#[test]
fn what_was_cut_off_halfway_is_finished() {
    let restored = Restored::with(&DATA);
    fs::rename(restored.path(FOLDER).join("data"), restored.path("data")).unwrap();
    let output = restored.run();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(restored.files().len(), DATA.len());
    // Everything was moved, and the folder was left.
    fs::create_dir(restored.path(FOLDER)).unwrap();
    assert!(restored.run().status.success());
    assert!(!restored.path(FOLDER).exists());
}

#[test]
fn what_is_there_already_is_never_overwritten() {
    let restored = Restored::with(&DATA);
    restored.put("data/mongo-data/data/db/WiredTiger", "of a task that was started too early");
    let before = restored.files();
    let output = restored.run();
    assert!(!output.status.success());
    assert!(said(&output).contains("data is there already"), "{}", said(&output));
    assert_eq!(restored.files().len(), before.len());
}

#[test]
fn a_link_to_nowhere_is_moved_as_well() {
    let restored = Restored::with(&DATA);
    std::os::unix::fs::symlink("/nowhere", restored.path(FOLDER).join("link")).unwrap();
    let output = restored.run();
    assert!(output.status.success(), "{}", said(&output));
    assert!(fs::symlink_metadata(restored.path("link")).is_ok());
}

#[test]
fn where_nothing_was_restored_it_fails() {
    for files in [&[][..], &["other/file"]] {
        let output = Restored::with(files).run();
        assert!(!output.status.success());
        assert!(said(&output).contains("nothing was restored here"), "{}", said(&output));
    }
}
