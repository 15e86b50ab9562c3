//! The container that writes a release's files before the others start.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{CA_CERTIFICATE, Container, File, FileSource, Mount, Owner, Release, SecretKey};

/// Where the delivering container has the volumes.
const FOLDER: &str = "/files";

/// What a file is called until it is complete.
pub(super) const UNFINISHED: &str = ".new";

/// Contents come in variables and are never part of the script, so that nothing in them runs as a command. A
/// file appears under its name with its content, mode and owner, or not at all; an existing one is replaced.
const FUNCTIONS: &str = r#"set -eu
umask 077
newline='
'
# place FILE MODE OWNER TEXT...: writes the texts, each with one line break at its end.
place() {
    file=$1 mode=$2 owner=$3
    shift 3
    if [ -d "$file" ]; then echo "$file is a directory" >&2; exit 1; fi
    rm -f "$file.new"
    for text in "$@"; do printf '%s\n' "${text%"$newline"}"; done > "$file.new"
    if [ -n "$owner" ]; then chown "$owner" "$file.new"; fi
    chmod "$mode" "$file.new"
    mv -f "$file.new" "$file"
    echo "wrote $file"
}
"#;

/// The variable that a secret comes in.
pub(super) fn secret_variable(key: SecretKey) -> String {
    format!("SECRET_{}", key.as_str().to_ascii_uppercase())
}

/// Gives the delivering container what it needs.
pub(super) fn equip(release: &Release, container: &mut Container) {
    container.user = Some("0:0".to_owned());
    container.entry_point = vec!["/bin/sh".to_owned(), "-c".to_owned()];
    container.command = vec![script(&release.files)];
    let volumes: BTreeSet<_> = release.files.iter().map(|file| &file.volume).collect();
    let mount = |volume: &&String| Mount { volume: (*volume).clone(), path: folder(volume), read_only: false };
    container.mounts = volumes.iter().map(mount).collect();
    for file in &release.files {
        match &file.source {
            FileSource::Content(content) => drop(container.environment.insert(file.variable(), content.clone())),
            FileSource::Secrets(keys) => container.secrets.extend(keys.iter().map(|key| (secret_variable(*key), *key))),
            FileSource::CaCertificate => container.ca_certificate = true,
        }
    }
}

fn folder(volume: &str) -> String {
    format!("{FOLDER}/{volume}")
}

/// Names are checked: nothing in them needs quotation marks.
fn script(files: &[File]) -> String {
    let mut script = FUNCTIONS.to_owned();
    for File { volume, path, owner, mode, source } in files {
        let folder = folder(volume);
        // Everybody may traverse a folder; the mode of each file says who may read it.
        if let Some((inner, _)) = path.rsplit_once('/') {
            let _ = writeln!(script, "(umask 022 && mkdir -p {folder}/{inner})");
        }
        let owner = owner.as_ref().map(Owner::as_str).unwrap_or_default();
        let target = format!("{folder}/{path}");
        let place = format!("place {target} {} '{owner}'", mode.as_str());
        let variables: Vec<_> = match source {
            FileSource::Content(_) => vec![File::variable_of(volume, path)],
            FileSource::Secrets(keys) => keys.iter().map(|key| secret_variable(*key)).collect(),
            FileSource::CaCertificate => vec![CA_CERTIFICATE.to_owned()],
        };
        let texts: String = variables.iter().map(|name| format!(" \"${name}\"")).collect();
        let _ = match source {
            FileSource::CaCertificate => {
                writeln!(script, "if [ -n \"${{{CA_CERTIFICATE}:-}}\" ]; then {place}{texts}; else rm -f {target}; fi")
            }
            FileSource::Content(_) | FileSource::Secrets(_) => writeln!(script, "{place}{texts}"),
        };
    }
    script
}
