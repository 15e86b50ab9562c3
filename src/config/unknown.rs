//! Keys that no plan file has, and what their author may have meant.

use std::ops::Range;

use super::{
    problem::Problem,
    text::{Invalid, nearest, quoted},
};

/// A key nobody asked for.
pub(super) struct UnknownKey {
    /// Path of the table that it stands in; empty for the top level.
    pub table: String,
    pub key: String,
    pub span: Range<usize>,
}

/// Describes the key, given every known table and key.
pub(super) fn problem(unknown: &UnknownKey, known: &[(String, &'static str)]) -> Problem {
    let UnknownKey { table, key, span } = unknown;
    let place = if table.is_empty() { "at the top level".to_owned() } else { format!("in [{table}]") };
    let other_plan_files = || known.iter().filter(|(path, _)| path == table).map(|(_, key)| *key);
    let hint = if let Some(meant) = template_parameter(key) {
        meant.to_owned()
    } else if let Some((elsewhere, _)) = known.iter().find(|(_, other)| other == key) {
        let meant =
            nearest(key, other_plan_files()).map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        meant + &belongs(key, elsewhere)
    } else if let Some(near) = nearest(key, other_plan_files()) {
        format!("did you mean `{near}`?")
    } else if let Some((elsewhere, near)) = nearest_elsewhere(key, known) {
        format!("did you mean `{near}`? {}", belongs(near, elsewhere))
    } else {
        let mut keys: Vec<_> = other_plan_files().collect();
        keys.sort_unstable();
        keys.dedup();
        format!("known keys are {}", keys.join(", "))
    };
    let message = format!("unknown key {} {place}", quoted(key));
    Problem::error(Invalid::new("plan-file/unknown-key", message, hint), span.clone())
}

fn belongs(key: &str, table: &str) -> String {
    if table.is_empty() {
        format!("`{key}` belongs at the top level, above the first [table]")
    } else {
        format!("`{key}` belongs in [{table}]")
    }
}

fn nearest_elsewhere<'a>(key: &str, known: &'a [(String, &'static str)]) -> Option<(&'a str, &'static str)> {
    let near = nearest(key, known.iter().map(|(_, key)| *key))?;
    known.iter().find(|(_, key)| *key == near).map(|(table, key)| (table.as_str(), *key))
}

/// What the plan file has in place of a parameter of the vendor's template.
///
/// Source: vendor template, CE 5.0.0, parameters.
fn template_parameter(key: &str) -> Option<&'static str> {
    const GENERATED: &str = "secrets are never in the plan file: ce-aws generates them, or takes them from the secret that \
                             `existing` in [secrets] names";
    Some(match key.to_lowercase().as_str() {
        "envname" | "stackname" => "the plan file calls it `name`",
        "packagetype" => "the plan file calls it `package`",
        "vpcname" => "the plan file calls it `name` in [network]",
        "vpccidr" => "the plan file calls it `cidr` in [network]",
        "privatesubnet1cidr" | "privatesubnet2cidr" => "the plan file calls both `private_subnets` in [network]",
        "publicsubnet1cidr" | "publicsubnet2cidr" => "the plan file calls both `public_subnets` in [network]",
        "enablevpcflowlog" => "the plan file calls it `flow_logs` in [network]",
        "tlsversion" => "the plan file calls it `tls_version` in [service]",
        "whitelistip" => "the plan file calls it `allowed_cidrs` in [access]",
        "createalb" => "the plan file calls it `enabled` in [load_balancer]",
        "existingtargetgroup" => "the plan file calls it `target_group` in [existing]",
        "existingecstaskrole" => {
            "the plan file calls it `task_role` and `execution_role` in [existing], which may be the same role"
        }
        "existingvpcid" => "the plan file calls it `vpc` in [existing]",
        "existingprivatesubnet1id" | "existingprivatesubnet2id" => {
            "the plan file calls both `private_subnets` in [existing]"
        }
        "existingvpccidr" => "it is not needed: ce-aws asks AWS for the ranges of `vpc` in [existing]",
        "existingecscluster" => "the plan file calls it `cluster` in [existing]",
        "existingsgandnacllambdarole" => {
            "it is not needed: ce-aws closes groups and network ACLs without a Lambda function"
        }
        "httpproxy" | "httpsproxy" => "the plan file calls them `http` and `https` in [proxy], or `secret` there",
        "cacertflag" | "cacertsecretname" => "the plan file calls it `secret` in [ca]",
        "jwtsecret"
        | "jwt_secret"
        | "maintenancepassword"
        | "maintenance_password"
        | "maintenancepasswordescaped"
        | "password" => GENERATED,
        _ => return None,
    })
}
