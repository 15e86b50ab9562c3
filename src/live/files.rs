//! Files on access points, through a running container that mounts them.

use std::time::Duration;

use serde::Serialize;
use thiserror::Error;

use crate::aws::clients::Clients;
use crate::aws::exec::error::ExecError;
use crate::aws::exec::run::{Container, run};
use crate::aws::exec::script::quoted;

/// The most that is copied in one go. A session carries about a megabyte a second.
pub const LIMIT: u64 = 50 << 20;

/// Half of it allows for the session to open.
const PATIENCE: Duration = Duration::from_secs(60);

/// A path on a volume, which cannot lead out of it by itself: `custom_plugins/my_plugin/main.py`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumePath {
    pub volume: String,
    /// The parts below; none is the volume itself.
    pub parts: Vec<String>,
}

/// Why a text is no path on a volume.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoPath {
    #[error("{0:?} begins with a slash; a path begins with the name of a volume")]
    Absolute(String),
    #[error("{0:?} is no name of a file or a folder")]
    Part(String),
}

/// The longest name of a file on EFS (EFS user guide, "Quotas and limits": file names).
const NAME: usize = 255;

impl VolumePath {
    /// # Errors
    ///
    /// It is absolute, has parts such as `..`, or characters that no name should have.
    pub fn parse(text: &str) -> Result<Self, NoPath> {
        if text.starts_with('/') {
            return Err(NoPath::Absolute(text.to_owned()));
        }
        let mut parts = text.trim_end_matches('/').split('/').map(str::to_owned);
        let all = || text.split('/').filter(|part| !part.is_empty());
        let is_name = |part: &str| {
            part != "." && part != ".." && part.len() <= NAME && !part.contains(char::is_control) && !part.is_empty()
        };
        if let Some(bad) = all().find(|part| !is_name(part)) {
            return Err(NoPath::Part(bad.to_owned()));
        }
        if text.contains("//") || all().next().is_none() {
            return Err(NoPath::Part(text.to_owned()));
        }
        Ok(Self { volume: parts.next().unwrap_or_default(), parts: parts.collect() })
    }

    /// The same with more below.
    pub fn below(&self, parts: &[String]) -> Self {
        Self { volume: self.volume.clone(), parts: [&self.parts[..], parts].concat() }
    }
}

impl std::fmt::Display for VolumePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.volume)?;
        self.parts.iter().try_for_each(|part| write!(f, "/{part}"))
    }
}

/// What lies in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub name: String,
    /// `file`, `folder`, `link` or `other`.
    pub kind: &'static str,
    /// Octal digits.
    pub mode: String,
    /// `uid:gid`.
    pub owner: String,
    /// Bytes.
    pub size: u64,
    /// Seconds since 1970.
    pub modified: i64,
}

/// Why a folder could not be listed, for people.
#[derive(Debug, Error)]
pub enum NotListed {
    #[error(transparent)]
    Exec(#[from] ExecError),
    #[error("the container did not print a list")]
    Unreadable,
}

/// Lists a folder; `mount` is where the container mounts the volume.
///
/// # Errors
///
/// It cannot be listed: there is none, or it is reached through a link.
pub async fn list(aws: &Clients, at: &Container<'_>, mount: &str, path: &VolumePath) -> Result<Vec<Entry>, NotListed> {
    let steps = enter(mount, &path.parts);
    let script = format!(
        "({steps}
for entry in * .[!.]* ..?*; do
    [ -e \"$entry\" ] || [ -L \"$entry\" ] || continue
    stat -c '%a %u:%g %s %Y %F/%n' -- \"$entry\" || exit
done)"
    );
    let printed = run(aws, at, &script, PATIENCE).await?;
    let mut entries = printed.lines().map(entry).collect::<Option<Vec<_>>>().ok_or(NotListed::Unreadable)?;
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = line.splitn(5, ' ');
    let (mode, owner) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (size, modified) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let (kind, name) = words.next()?.split_once('/')?;
    let kind = match kind {
        "directory" => "folder",
        "symbolic link" => "link",
        _ if kind.starts_with("regular") => "file",
        _ => "other",
    };
    Some(Entry { name: name.to_owned(), kind, mode, owner, size, modified })
}

/// Changes into a folder, part by part and through no link: a link on the volume could lead anywhere in the container.
/// 66: EX_NOINPUT of sysexits.h.
fn enter(mount: &str, parts: &[String]) -> String {
    let mut script = format!("cd -- {} || exit 66", quoted([mount]));
    for part in parts {
        let part = quoted([part.as_str()]);
        script +=
            &format!("\nif [ -L ./{part} ]; then echo {part}' is a link'; exit 66; fi\ncd -- ./{part} || exit 66");
    }
    script
}

/// The name in the last part, and the parts before; `None` where the volume itself is meant.
fn split(path: &VolumePath) -> Option<(&[String], String)> {
    let (name, folders) = path.parts.split_last()?;
    Some((folders, quoted([name.as_str()])))
}

/// What sends a file, for [`super::transfer::download::download`].
pub fn send(mount: &str, path: &VolumePath) -> Option<String> {
    let (folders, name) = split(path)?;
    let steps = enter(mount, folders);
    Some(format!(
        "{steps}
if [ -L ./{name} ] || [ ! -f ./{name} ]; then echo {name}' is no file'; exit 66; fi
file=./{name}"
    ))
}

/// What receives a file, for [`super::transfer::upload::upload`]: before, and once it has arrived. It comes into being
/// under a temporary name beside its own, so that nobody reads half of it. 73: EX_CANTCREAT of sysexits.h.
pub fn receive(mount: &str, path: &VolumePath, mode: u32, replaces: bool) -> Option<(String, String)> {
    let (folders, name) = split(path)?;
    let mut steps = format!("need mkdir chmod mv rm\n{}", enter(mount, &[]));
    for folder in folders {
        let folder = quoted([folder.as_str()]);
        steps += &format!(
            "\nif [ -L ./{folder} ]; then echo {folder}' is a link'; exit 66; fi
[ -d ./{folder} ] || mkdir -m 755 ./{folder} || exit 73
cd -- ./{folder} || exit 66"
        );
    }
    let kept = if replaces { String::new() } else { format!("[ -e ./{name} ] || ") };
    let prepare = format!(
        "{steps}
if {kept}[ -L ./{name} ] || [ -d ./{name} ]; then echo {name}' is there already'; exit 73; fi
temporary=./.ce-aws-{:016x}",
        rand::random::<u64>()
    );
    let place = format!("chmod {mode:o} \"$temporary\" && mv -f \"$temporary\" ./{name} || exit 73\nfile=./{name}");
    Some((prepare, place))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn path(text: &str) -> VolumePath {
        VolumePath::parse(text).unwrap()
    }

    #[test]
    fn paths_that_lead_elsewhere_are_none() {
        assert_eq!(path("custom_plugins/a b/it's.py").parts, ["a b", "it's.py"]);
        assert_eq!(path("ssl_certs/").parts, [""; 0]);
        assert_eq!(path("ssl_certs/x").below(&["y".to_owned()]).to_string(), "ssl_certs/x/y");
        for text in ["", "/", "/etc/passwd", "..", "a/..", "a/../b", "a/./b", "a//b", "a/\nb", "a/\u{1b}[2J"] {
            assert!(VolumePath::parse(text).is_err(), "{text:?}");
        }
        assert!(VolumePath::parse(&format!("a/{}", "x".repeat(256))).is_err());
    }

    #[test]
    fn a_real_shell_goes_through_no_link_and_replaces_nothing_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let mount = folder.path().join("the mount");
        std::fs::create_dir_all(mount.join("there")).unwrap();
        std::fs::write(mount.join("there/file"), "x").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc", mount.join("link")).unwrap();
        let mount = mount.to_str().unwrap();
        let run = |script: &str| {
            let script = format!("set -u\nneed() {{ :; }}\n{script}\n");
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
        };
        let sent = |text: &str| run(&format!("{}\ncat \"$file\"", send(mount, &path(text)).unwrap()));
        assert_eq!(sent("v/there/file"), (0, "x".to_owned()));
        assert_eq!(sent("v/link/passwd"), (66, "link is a link\n".to_owned()));
        assert_eq!(sent("v/link"), (66, "link is no file\n".to_owned()));
        assert_eq!(sent("v/there"), (66, "there is no file\n".to_owned()));
        let put = |text: &str, replaces: bool| {
            let (prepare, place) = receive(mount, &path(text), 0o640, replaces).unwrap();
            run(&format!("{prepare}\nprintf new > \"$temporary\"\n{place}\nstat -c %a \"$file\""))
        };
        assert_eq!(put("v/a/new folder/it's", false), (0, "640\n".to_owned()));
        assert_eq!(sent("v/a/new folder/it's"), (0, "new".to_owned()));
        assert_eq!(put("v/there/file", false), (73, "file is there already\n".to_owned()));
        assert_eq!(put("v/there/file", true).0, 0);
        assert_eq!(put("v/there", true), (73, "there is there already\n".to_owned()));
        assert_eq!(put("v/link/x", true), (66, "link is a link\n".to_owned()));
        assert_eq!(put("v/link", true), (73, "link is there already\n".to_owned()));
        let left = std::fs::read_dir(format!("{mount}/there")).unwrap().count();
        assert_eq!((left, send(mount, &path("v")), receive(mount, &path("v"), 0o600, true)), (1, None, None));
    }

    #[test]
    fn lines_of_stat_are_entries() {
        let found = entry("644 1001:1001 12 1764500000 regular file/main.py").unwrap();
        assert_eq!(
            (found.name.as_str(), found.kind, found.size, found.modified),
            ("main.py", "file", 12, 1_764_500_000)
        );
        assert_eq!(entry("755 0:0 4096 1 directory/a b").map(|found| found.kind), Some("folder"));
        assert_eq!(entry("644 0:0 0 1 regular empty file/x").map(|found| found.kind), Some("file"));
        assert_eq!(entry("cannot stat"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_path_below_its_volume_or_refused(text in "[a-c./\\-é \n]{0,20}") {
            if let Ok(path) = VolumePath::parse(&text) {
                prop_assert_eq!(VolumePath::parse(&path.to_string()), Ok(path.clone()));
                prop_assert!(path.parts.iter().all(|part| !part.contains('/') && part != ".."));
            }
        }
    }
}
