//! Asking the running task itself whether it is up: an HTTP request to the UI, core's version, and the database's.
//!
//! The versions are what the vendor's own script `replica_set` compares to see that a migration is over
//! (`netskopeoss/ta_cloud_exchange`). What the real images have is *unverified*: whatever cannot be asked is not known,
//! and never a fault of the deployment.

use std::time::Duration;

use aws_sdk_ecs::types::Task;

use crate::aws::exec::run::{Container, run};
use crate::kinds::context::Context;
use crate::kinds::service::probe::{ProbeView, UiAnswer};

use super::database;
use super::reachable::{describe, reachable};

/// The container whose code has a version.
const CORE: &str = "core";

/// Core's version. Source: `netskopeoss/ta_cloud_exchange`, `replica_set`, which reads this file.
const VERSION: &str = r#"sed -n 's/^__version__ *= *["'\'']\([^"'\'']*\).*/\1/p' /opt/netskope/common/api/__init__.py"#;

/// Each of the three; they are asked at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// The UI: its container, and the port that it listens on.
#[derive(Clone, Copy, Debug)]
pub struct Web<'a> {
    pub container: &'a str,
    pub port: u16,
}

/// Asks a running task. `cluster` is a name or ARN, `task` an ARN.
pub async fn probe(context: &Context, cluster: &str, task: &str, web: Web<'_>) -> ProbeView {
    let described = match describe(context, cluster, task).await {
        Ok(described) => described,
        Err(failure) => return ProbeView { unknown: vec![failure.to_string()], ..ProbeView::default() },
    };
    let target = Target { context, cluster, task, described: described.as_ref() };
    let (ui, core, database) = futures::join!(target.ui(web), target.core(), target.database());
    let mut view = ProbeView::default();
    let mut note = |what: &str, why: String| view.unknown.push(format!("{what}: {why}"));
    let ui = match ui {
        UiAnswer::Status(status) => Some(status),
        UiAnswer::Nothing => {
            note("the UI", "nothing answers on its port".to_owned());
            None
        }
        UiAnswer::NotAsked(why) => {
            note("the UI", why);
            None
        }
    };
    let core = core.map_err(|why| note("core's version", why)).ok();
    let database = database.map_err(|why| note("the database's version", why)).ok();
    let migrated = core.as_ref().zip(database.as_ref()).map(|(core, database)| core == database);
    ProbeView { ui_status: ui, core_version: core, database_version: database, migrated, ..view }
}

/// Asks only the UI of a running task. `cluster` is a name or ARN, `task` an ARN.
pub async fn ask_ui(context: &Context, cluster: &str, task: &str, web: Web<'_>) -> UiAnswer {
    match describe(context, cluster, task).await {
        Ok(described) => Target { context, cluster, task, described: described.as_ref() }.ui(web).await,
        Err(failure) => UiAnswer::NotAsked(failure.to_string()),
    }
}

/// A task to ask, as ECS describes it.
struct Target<'a> {
    context: &'a Context,
    cluster: &'a str,
    task: &'a str,
    described: Option<&'a Task>,
}

impl Target<'_> {
    fn container<'b>(&'b self, name: &'b str) -> Result<Container<'b>, String> {
        let found = reachable(self.described, name).map_err(|why| why.to_string())?;
        Ok(Container { cluster: self.cluster, task: self.task, name, runtime_id: found.runtime_id() })
    }

    async fn ask(&self, name: &str, script: &str) -> Result<String, String> {
        let container = self.container(name)?;
        run(&self.context.aws, &container, script, PATIENCE).await.map_err(|why| why.to_string())
    }

    /// With the program that the release's own health check uses. A web server that speaks TLS answers a request
    /// without it with 400.
    async fn ui(&self, Web { container, port }: Web<'_>) -> UiAnswer {
        let ask = |scheme: &str| {
            format!("curl -sk -o /dev/null -m 10 -w '%{{http_code}}\\n' {scheme}://localhost:{port}/ || true")
        };
        let script = format!(
            "(command -v curl > /dev/null 2>&1 || {{ echo 'this container has no curl'; exit 69; }}
status=$({})
if [ \"$status\" = 400 ]; then status=$({}); fi
echo \"$status\")",
            ask("http"),
            ask("https")
        );
        match self.ask(container, &script).await.map(|printed| printed.trim().parse()) {
            Ok(Ok(0)) => UiAnswer::Nothing,
            Ok(Ok(status)) => UiAnswer::Status(status),
            Ok(Err(_)) => UiAnswer::NotAsked("curl did not print a status".to_owned()),
            Err(why) => UiAnswer::NotAsked(why),
        }
    }

    async fn core(&self) -> Result<String, String> {
        version(self.ask(CORE, VERSION).await?.trim()).ok_or_else(|| "its code does not have one".to_owned())
    }

    async fn database(&self) -> Result<String, String> {
        let facts = database::facts(&self.context.aws, &self.container(database::CONTAINER)?).await;
        let found = facts.map_err(|why| why.to_string())?.version;
        found.as_deref().and_then(version).ok_or_else(|| "the database does not record one".to_owned())
    }
}

/// A short text of digits, letters, dots and hyphens.
fn version(text: &str) -> Option<String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte));
    (plain && (1..=40).contains(&text.len())).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_short_and_plain() {
        assert_eq!(version("5.1.2"), Some("5.1.2".to_owned()));
        for other in ["", "5.1.2\n6.0.0", "sed: no such file", "\u{1b}[2J"] {
            assert_eq!(version(other), None, "{other:?}");
        }
        assert_eq!(version(&"1".repeat(41)), None);
    }

    #[test]
    fn a_real_shell_reads_the_version_of_python_code() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("__init__.py");
        for (line, found) in
            [("__version__ = \"6.1.0\"  # x", "6.1.0\n"), ("__version__='5.0.0'", "5.0.0\n"), ("x", "")]
        {
            std::fs::write(&path, format!("\"\"\"API.\"\"\"\n{line}\n")).unwrap();
            let script = VERSION.replace("/opt/netskope/common/api/__init__.py", path.to_str().unwrap());
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), found);
        }
    }
}
