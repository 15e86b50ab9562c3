//! What the user's roles must be allowed: the policies of the roles that ce-aws would make, as questions.

use serde_json::Value;

use crate::config::{CaCertificate, PlanFile};
use crate::engine::reference::{self, Known, Ref};
use crate::existing::identity::Need;
use crate::kinds::names::Names;
use crate::kinds::secret::{self, ca_certificate, internal_certificate, ui_certificate};
use crate::release::Release;

use super::images::repositories;
use super::policies::{self, SecretGrant};

/// What each of the roles must be able to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    pub task: Vec<Need>,
    pub execution: Vec<Need>,
    pub backup: Vec<Need>,
}

/// The needs of a deployment. What does not exist yet has an ARN like the one that it will get.
pub fn needs(plan: &PlanFile, release: &Release, names: &Names) -> Needs {
    let own = |purpose: &str| names.arn("secretsmanager", &format!("secret:{}-AbCdEf", names.secret(purpose)));
    let grant = |id: &'static str, arn: String| SecretGrant { id, arn: Ref::value(arn), key: None };
    let mut secrets = vec![grant("ReadSecret", own(secret::PURPOSE))];
    secrets.extend(plan.proxy.secret.as_ref().map(|arn| grant("ReadProxySecret", arn.as_str().to_owned())));
    secrets.extend(plan.ca.as_ref().map(|ca| match ca {
        CaCertificate::File(_) => grant("ReadCaCertificate", own(ca_certificate::PURPOSE)),
        CaCertificate::Secret(arn) => grant("ReadCaCertificate", arn.as_str().to_owned()),
    }));
    if release.internal_certificate() {
        secrets.push(grant("ReadInternalCertificate", own(internal_certificate::PURPOSE)));
    }
    if plan.ui_certificate.is_some() {
        secrets.push(grant("ReadUiCertificate", own(ui_certificate::PURPOSE)));
    }
    let logs = names.arn("logs", &format!("log-group:{}", names.log_group("task")));
    let file_system = names.arn("elasticfilesystem", "file-system/fs-0123456789abcdef0");
    Needs {
        task: questions(&policies::task_role(Ref::value(file_system.clone()), None)),
        backup: questions(&policies::backup_role(Ref::value(file_system))),
        execution: questions(&policies::execution_role(
            &repositories(plan, release),
            Ref::value(logs),
            &secrets,
            plan.identity.guardduty_agent,
            names,
        )),
    }
}

fn questions(policy: &Value) -> Vec<Need> {
    let policy = reference::resolve(policy, &Known::new());
    let texts = |value: &Value| match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(texts) => texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
    let question = |statement: &Value| Need {
        actions: texts(&statement["Action"]),
        // A log stream stands for all of its group: nobody can be asked about a pattern.
        resources: texts(&statement["Resource"]).iter().map(|arn| arn.replace(":*", ":log-stream:one")).collect(),
        purpose: purpose(statement["Sid"].as_str().unwrap_or_default()).to_owned(),
    };
    statements.iter().map(question).collect()
}

fn purpose(id: &str) -> &'static str {
    match id {
        "WriteLogs" => "write the containers' logs",
        "ReadSecret" => "read the credentials",
        "ReadProxySecret" => "read the proxy's address",
        "ReadCaCertificate" => "read the CA certificate",
        "ReadInternalCertificate" => "read the internal certificate",
        "ReadUiCertificate" => "read the UI's certificate",
        "LogInToRegistries" => "log in to the registry",
        "PullImages" => "pull the images",
        "MountFileSystem" => "mount the file system",
        "Exec" => "serve ECS Exec",
        "BackUp" => "back up the file system",
        "Restore" => "restore it",
        _ => "run Cloud Exchange",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Catalogue;

    #[test]
    fn every_statement_is_asked_about_with_its_purpose_and_no_pattern() {
        let text = "name = \"prod\"\nrelease = \"5.0.0\"\n[proxy]\n\
            secret = \"arn:aws:secretsmanager:us-east-1:111122223333:secret:proxy-a1B2c3\"\n";
        let plan = crate::config::load("plan.toml", text).unwrap();
        let names = Names {
            deployment: "prod".to_owned(),
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            partition: "aws".to_owned(),
        };
        let needs = needs(&plan, Catalogue::builtin().get(plan.release).unwrap(), &names);
        let lines = |needs: &[Need]| -> Vec<String> {
            let line =
                |need: &Need| format!("{}: {} on {}", need.purpose, need.actions.join(" "), need.resources.join(" "));
            needs.iter().map(line).collect()
        };
        let all = [lines(&needs.execution), lines(&needs.task), lines(&needs.backup)];
        insta::assert_snapshot!(all.concat().join("\n"));
    }
}
