//! The one-shot task that replaces what the database holds by a dump.

use std::collections::BTreeMap;

use crate::release::{ContainerOf, DataStep, Release, Shell, Side};

use super::data_steps::{Ground, Task, task};

/// The container of MongoDB, in every release.
const SERVER: &str = "mongodb-primary";

/// The folder of the data in that container.
pub const DATA: &str = "/data/db";

/// Where the dump waits, on MongoDB's own access point: the task needs no other, and nothing else is to read it.
/// MongoDB takes no notice of files that are not its own; that is *unverified* for one of this size.
pub const DUMP: &str = "/data/db/.ce-aws-dump";

/// Seconds. A gigabyte of documents and their indexes on a network file system.
const TIMEOUT: u32 = 3600;

/// The task, or `None` where the release keeps its data elsewhere. With `other_release` the dump may be another's.
///
/// MongoDB runs alone and without authentication, on 127.0.0.1 only. The whole database goes first: `--drop` of
/// mongorestore would leave collections that the dump does not have. Its users are not in it, so the passwords stay
/// (MongoDB manual, `dropDatabase`). mongorestore counts documents that could not be inserted as no failure unless
/// `--stopOnError` is given (`mongo-tools`, `mongorestore/main`).
pub fn load(ground: Ground<'_>, release: &Release, sha256: &str, other_release: bool) -> Option<Task> {
    let server = release.container(SERVER)?;
    server.mounts.iter().find(|mount| mount.path == DATA)?;
    let step = DataStep {
        name: "load-dump".to_owned(),
        from: Vec::new(),
        about: "replace everything in the database by the dump".to_owned(),
        container: ContainerOf { release: Side::Old, name: SERVER.to_owned() },
        image: None,
        shell: Shell::Bash,
        script: script(sha256, other_release),
        changes_data: true,
        timeout: TIMEOUT,
    };
    task(ground, &step, release, release, &BTreeMap::new())
}

fn script(sha256: &str, other_release: bool) -> String {
    let check = if other_release { "" } else { CHECK };
    format!(
        r#"set -euo pipefail
data={DATA}
dump={DUMP}
export HOME=/tmp
if [ "$(sha256sum < "$dump" | cut -d' ' -f1)" != {sha256} ]; then
    echo "the dump on the file system is not the one to restore" >&2; exit 1
fi
ask() {{ mongosh --quiet --norc --host 127.0.0.1 cte --eval "$1"; }}
version() {{ ask 'print((db.settings.findOne() || {{}}).databaseVersion || "")'; }}
mongod --dbpath "$data" --bind_ip 127.0.0.1 &
server=$!
trap 'kill -TERM "$server" 2>/dev/null || true; wait "$server" || true' EXIT
for attempt in {{1..400}}; do
    if ask 'quit(db.runCommand({{ping: 1}}).ok ? 0 : 1)' > /dev/null 2>&1; then break; fi
    if ! kill -0 "$server" 2>/dev/null; then echo "MongoDB has ended before it was up" >&2; exit 1; fi
    sleep 2
done
before=$(version)
ask 'db.dropDatabase()'
mongorestore --host=127.0.0.1 --gzip --archive="$dump" --nsInclude='cte.*' --stopOnError
after=$(version)
echo "the database was of release ${{before:-unknown}}, and is of ${{after:-unknown}}"
{check}trap - EXIT
kill -TERM "$server"
wait "$server"
rm -f "$dump"
"#
    )
}

const CHECK: &str = r#"if [ -n "$before" ] && [ -n "$after" ] && [ "$before" != "$after" ]; then
    echo "the dump is of release $after, and $before runs" >&2; exit 1
fi
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_one_that_bash_reads() {
        for other_release in [false, true] {
            let script = script(&"0".repeat(64), other_release);
            let read = std::process::Command::new("bash").args(["-n", "-c", &script]).status().unwrap();
            assert!(read.success());
            assert_eq!(script.contains("and $before runs"), !other_release);
        }
    }
}
