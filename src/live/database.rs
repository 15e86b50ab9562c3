//! Cloud Exchange's database, asked in MongoDB's own container: how large it is, of which version, and a dump of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::aws::clients::Clients;
use crate::aws::exec::error::ExecError;
use crate::aws::exec::run::{Container, run};

/// The container that MongoDB runs in, in every release.
pub const CONTAINER: &str = "mongodb-primary";

/// Cloud Exchange's database, which its connection strings name.
pub const NAME: &str = "cte";

/// Half of it allows for the session to open and the shell to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is known of the database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Bytes of its documents, without compression: a dump is smaller.
    pub data_size: u64,
    pub collections: u64,
    pub documents: u64,
    /// MongoDB's version.
    pub server: String,
    /// The release that has migrated it last, as core records it.
    #[serde(default)]
    pub version: Option<String>,
}

/// Why nothing is known of it, for people.
#[derive(Debug, Error)]
pub enum NotAsked {
    #[error(transparent)]
    Unsaid(#[from] ExecError),
    #[error("the shell of MongoDB did not print what was asked for")]
    Unreadable,
}

/// The password is read by MongoDB's shell from its environment, so that it is on no command line. ECS Exec runs
/// commands as root (ECS developer guide, "ECS Exec": considerations), and the official image's home is the folder of
/// the data (`Dockerfile` of `docker-library/mongo`), where the shell must not write its log.
///
/// `cte.settings.databaseVersion` is what the vendor's own script `replica_set` compares with core's version
/// (`netskopeoss/ta_cloud_exchange`). Unverified in a real container.
const ASK: &str = r#"(export HOME=/tmp
command -v mongosh > /dev/null 2>&1 || { echo 'this container has no mongosh'; exit 69; }
mongosh --quiet --norc --host localhost --eval '
const user = process.env.MONGO_INITDB_ROOT_USERNAME;
if (user) db.getSiblingDB("admin").auth(user, process.env.MONGO_INITDB_ROOT_PASSWORD);
const cte = db.getSiblingDB("cte"), stats = cte.stats(), settings = cte.settings.findOne() || {};
print(JSON.stringify({data_size: Number(stats.dataSize), collections: Number(stats.collections),
    documents: Number(stats.objects), server: db.version(), version: settings.databaseVersion || null}));')"#;

/// Asks the database in a running task.
///
/// # Errors
///
/// Why nothing is known. Nothing was changed, and the call can be repeated.
pub async fn facts(aws: &Clients, at: &Container<'_>) -> Result<Facts, NotAsked> {
    read(&run(aws, at, ASK, PATIENCE).await?)
}

/// The last line that is what was asked for: the shell may print warnings.
fn read(printed: &str) -> Result<Facts, NotAsked> {
    let lines = printed.lines().rev().map(str::trim);
    lines.filter_map(|line| serde_json::from_str(line).ok()).next().ok_or(NotAsked::Unreadable)
}

/// How the tools log in: the password is in a file that only root can read (`--config` of MongoDB's database tools
/// 100.3.0 and later), not on the command line, which everybody in the container could read. Needs `$folder`.
const LOG_IN: &str = r#"export HOME="$folder"
set -- --host=localhost
if [ -n "${MONGO_INITDB_ROOT_USERNAME-}" ]; then
    printf "password: '%s'\n" "$(printf %s "${MONGO_INITDB_ROOT_PASSWORD-}" | sed "s/'/''/g")" > "$folder/config"
    set -- "$@" --config="$folder/config" --username="$MONGO_INITDB_ROOT_USERNAME" --authenticationDatabase=admin
fi"#;

/// Makes a dump in the container's own file system, proves it whole there, and removes it when the script ends. It sets
/// `file`, as [`super::transfer::download`] needs it.
///
/// `--dryRun` reads the archive's table of contents (`mongorestore.go` of `mongodb/mongo-tools`), gzip all of it.
pub fn dump() -> String {
    format!(
        r#"need mktemp mongodump gzip sed
folder=$(mktemp -d) || exit
trap 'rm -rf "$folder"' EXIT
trap 'exit 129' HUP INT TERM
{LOG_IN}
file="$folder/dump"
mongodump "$@" --db={NAME} --gzip --archive="$file" || exit
gzip -t < "$file" || exit
if command -v mongorestore > /dev/null 2>&1; then
    mongorestore "$@" --dryRun --gzip --archive="$file" || exit
fi"#
    )
}

/// Before a dump is typed in: `temporary`, as [`super::transfer::upload`] needs it, beside where it is to be.
pub fn receive(path: &str) -> String {
    format!("need mktemp mongorestore gzip sed mv rm\ntemporary={path}.new")
}

/// Proves it to be an archive of this database that these tools can read, and gives it its name.
pub fn check_and_place(path: &str) -> String {
    format!(
        r#"folder=$(mktemp -d) || exit
trap 'rm -rf "$folder" "$temporary"' EXIT
{LOG_IN}
gzip -t < "$temporary" || exit
mongorestore "$@" --dryRun --gzip --archive="$temporary" --nsInclude='{NAME}.*' || exit
file={path}
mv -f "$temporary" "$file" || exit"#
    )
}

/// Removes a dump that is not going to be restored.
pub async fn forget(aws: &Clients, at: &Container<'_>, path: &str) {
    // Whoever asks has an error to report already.
    let _ = run(aws, at, &format!("rm -f {path} {path}.new"), PATIENCE).await;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_answer_is_found_among_warnings_and_nothing_else_is_one() {
        let line = r#"{"data_size": 9, "collections": 2, "documents": 3, "server": "8.0.6", "version": "5.1.2"}"#;
        let found = read(&format!("Warning: old\n{line}\n")).unwrap();
        assert_eq!((found.data_size, found.version.as_deref()), (9, Some("5.1.2")));
        assert_eq!(read(&line.replace("\"5.1.2\"", "null")).unwrap().version, None);
        for printed in ["", "{}", "MongoServerError: Authentication failed.", "{\"data_size\": -1}"] {
            assert!(read(printed).is_err(), "{printed}");
        }
    }

    #[test]
    fn scripts_name_no_password() {
        for script in [ASK.to_owned(), dump(), check_and_place("/f")] {
            let ran = std::process::Command::new("sh").args(["-n", "-c", &script]).status().unwrap();
            assert!(ran.success());
            assert!(!script.contains("--password") && !script.contains(" -p "));
        }
    }

    proptest! {
        #[test]
        fn any_output_is_read_or_refused(printed in "[\\[\\]{}\",:a-z0-9\n é]{0,200}") {
            let _ = read(&printed);
        }
    }
}
