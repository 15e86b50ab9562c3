//! Tells the program which commit it is built from, for `ce-aws --version`.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A debug build is of files that change, not of a commit, and is not built again after each commit.
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built_from = if is_release { commit(folder) } else { Some("debug build".to_owned()) };
    let built_from = built_from.map(|text| format!(" ({text})")).unwrap_or_default();
    println!("cargo::rustc-env=CE_AWS_VERSION={}{built_from}", env!("CARGO_PKG_VERSION"));
    if is_release {
        for file in changed_by_commits(folder) {
            println!("cargo::rerun-if-changed={file}");
        }
    }
}

/// Abbreviation and date of the commit; `None` where the folder is not a repository of its own, as in a source archive.
pub fn commit(folder: &Path) -> Option<String> {
    // The archive may have been unpacked inside the work tree of something else.
    if !git(folder, &["rev-parse", "--show-prefix"])?.is_empty() {
        return None;
    }
    // Git's own abbreviation depends on how much of the history is there.
    let shown = git(folder, &["log", "-1", "--format=%H %cs"])?;
    let (hash, date) = shown.split_once(' ')?;
    Some(format!("{} {date}", hash.get(..9)?))
}

/// Git's files that a commit or a checkout changes. Cargo would run this again every time for a file that is missing.
pub fn changed_by_commits(folder: &Path) -> Vec<String> {
    let branch = git(folder, &["symbolic-ref", "--quiet", "HEAD"]);
    let files = [Some("HEAD".to_owned()), Some("logs/HEAD".to_owned()), Some("packed-refs".to_owned()), branch];
    let path = |file: String| git(folder, &["rev-parse", "--git-path", &file]);
    files.into_iter().flatten().filter_map(path).filter(|path| folder.join(path).exists()).collect()
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").current_dir(folder).args(arguments).output().ok()?;
    let text = output.status.success().then_some(output.stdout)?;
    Some(String::from_utf8(text).ok()?.trim().to_owned())
}
