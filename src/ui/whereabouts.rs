//! Where a deployment is and how to reach it.

use serde::Serialize;

use crate::engine::plan::Target;
use crate::engine::reference::Known;

use super::layout::VERBATIM;
use super::style::{FAINT, TITLE, paint};
use super::text::clean;

/// What a person looks for after an apply. `None` or empty if not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Whereabouts {
    pub deployment: String,
    pub region: String,
    pub url: Option<String>,
    pub cluster: Option<String>,
    pub service: Option<String>,
    /// The task's ARN.
    pub task: Option<String>,
    pub private_ip: Option<String>,
    pub log_groups: Vec<String>,
    /// The secrets' names.
    pub secrets: Vec<String>,
    /// How the task itself is spoken to: `http` or `https`.
    #[serde(skip)]
    pub scheme_of_task: &'static str,
}

impl Whereabouts {
    /// From the outputs of a run, the URL of the UI, and whether its own web server speaks HTTPS.
    pub fn of(target: &Target, known: &Known, url: Option<String>, is_https: bool) -> Self {
        let all = |kind: &str, output: &str| -> Vec<String> {
            let of_kind = known.iter().filter(|(address, _)| address.kind() == kind);
            of_kind.filter_map(|(_, outputs)| outputs.get(output).cloned()).collect()
        };
        let one = |kind, output| all(kind, output).into_iter().next();
        Self {
            deployment: target.deployment.clone(),
            region: target.region.clone(),
            url,
            cluster: one("cluster", "name"),
            service: one("service", "name"),
            task: one("service", "task"),
            private_ip: one("service", "private_ip"),
            log_groups: all("log-group", "name"),
            secrets: all("secret", "name"),
            scheme_of_task: if is_https { "https" } else { "http" },
        }
    }

    /// The table, ended by a newline.
    pub fn table(&self) -> String {
        let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        let rows = [
            ("URL", one(&self.url)),
            ("cluster", one(&self.cluster)),
            ("service", one(&self.service)),
            ("task", one(&self.task)),
            ("private IP", one(&self.private_ip)),
            ("log groups", self.log_groups.clone()),
            ("secrets", self.secrets.clone()),
        ];
        let mut text = String::new();
        for (title, values) in rows {
            for (index, value) in values.iter().enumerate() {
                let title = if index == 0 { title } else { "" };
                text.push_str(&format!("{} {}\n", paint(TITLE, format_args!("{title:<11}")), clean(value)));
            }
        }
        text
    }

    /// The ways to the UI: the load balancer is internal, so a browser elsewhere needs one of them.
    pub fn ways(&self) -> Vec<Way> {
        let way = |how: &str, what: String| Way { how: how.to_owned(), what };
        let from_there = "from an allowed network (VPN, Direct Connect, a peered VPC): open";
        let open = self.url.as_deref().map(|url| way(from_there, clean(url)));
        let tunnel = self.tunnel().map(|command| way("from this machine, through the task itself", command));
        let host = self.url.as_deref().and_then(parts).filter(|(_, host, _)| is_word(host));
        let through_a_host = host.map(|(scheme, host, port)| {
            let how = format!("through a host in a network that reaches the VPC; then open {scheme}://localhost:8000");
            way(&how, format!("ssh -N -L 8000:{host}:{port} USER@HOST"))
        });
        let the_task = format!(
            "through the task with the AWS CLI and its Session Manager plugin; then open {}://localhost:8000",
            self.scheme_of_task
        );
        let through_the_task = self.forwarding().map(|command| way(&the_task, command));
        [open, tunnel, through_a_host, through_the_task].into_iter().flatten().collect()
    }

    /// A tunnel of our own, while a task runs.
    fn tunnel(&self) -> Option<String> {
        self.task.as_ref()?;
        let [name, region] = [&self.deployment, &self.region].map(|text| Some(text.as_str()).filter(|it| is_word(it)));
        Some(format!("ce-aws open --name {} --region {}", name?, region?))
    }

    /// Port forwarding through ECS Exec: its target names cluster, task and the runtime id of a container.
    fn forwarding(&self) -> Option<String> {
        let cluster = self.cluster.as_deref().filter(|text| is_word(text))?;
        let task = self.task.as_deref()?.rsplit('/').next().filter(|text| is_word(text))?;
        let region = Some(self.region.as_str()).filter(|text| is_word(text))?;
        let runtime = format!(
            "aws ecs describe-tasks --region {region} --cluster {cluster} --tasks {task} --output text \
             --query \"tasks[0].containers[?name=='ui'].runtimeId\""
        );
        Some(format!(
            "aws ssm start-session --region {region} --target ecs:{cluster}_{task}_$({runtime}) \
             --document-name AWS-StartPortForwardingSession \
             --parameters '{{\"portNumber\":[\"3000\"],\"localPortNumber\":[\"8000\"]}}'"
        ))
    }
}

/// Scheme, host and port of an address.
fn parts(url: &str) -> Option<(&str, &str, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    match rest.split_once(':') {
        Some((host, port)) => Some((scheme, host, port.parse().ok()?)),
        None => Some((scheme, rest, if scheme == "https" { 443 } else { 80 })),
    }
}

/// Whether a text is safe in a command that people copy into their shell.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) && !text.starts_with('-')
}

/// A way to reach the UI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    pub how: String,
    /// What to open or to run.
    pub what: String,
}

/// What a person does in the UI after a first apply.
///
/// Source: vendor documentation of Cloud Exchange 5.0, first login, general settings, Netskope tenants.
pub const LEFT: [&str; 5] = [
    "log in as admin with the password admin, accept the licence agreement, and change the password at once",
    "in the settings, enable the modules you use (all five are available)",
    "in the settings, add your Netskope tenant: its name, API tokens, and an initial range of 7 to 14 days",
    "behind a proxy, set it in the settings too: the modules have their own proxy setting",
    "check the logging page for the tenant's first pull, then configure plug-ins",
];

/// The screen after a successful apply, ended by a newline. `first`: nothing ran before.
pub fn after_apply(whereabouts: &Whereabouts, first: bool) -> String {
    let mut text = whereabouts.table();
    text.push_str(&format!("\n{}\n", paint(TITLE, "How to reach the UI")));
    for way in whereabouts.ways() {
        text.push_str(&format!("  {}\n{VERBATIM}      {}\n", way.how, way.what));
    }
    if !first {
        return text;
    }
    text.push_str(&format!("\n{}\n", paint(TITLE, "Next steps after the first apply")));
    for (index, step) in LEFT.iter().enumerate() {
        text.push_str(&format!("  {}. {step}\n", index + 1));
    }
    let note = "Update with `ce-aws upgrade`, not with the UI's own check for updates.";
    text.push_str(&format!("  {}\n", paint(FAINT, note)));
    text
}
