//! Keys that no plan file has, and what their author may have meant.

use super::{
    keys::{Holds, Key, join},
    text::{Invalid, nearest, quoted},
};

/// The key of a table that was probably meant by one that it does not have.
pub(super) fn meant(written: &str, keys: &'static [Key]) -> Option<&'static str> {
    nearest(written, Key::names(keys))
}

/// What is wrong with a key that its table may not have. `keys`: those that it may have; `root`: those of the top
/// level.
pub(super) fn unknown(written: &str, table: &str, keys: &'static [Key], root: &'static [Key]) -> Invalid {
    let place = if table.is_empty() { "at the top level".to_owned() } else { format!("in [{table}]") };
    let everywhere = Key::tree("", root);
    let elsewhere =
        |name: &str| everywhere.iter().find(|(_, key)| key.name == name).map(|(path, key)| belongs(path, key));
    let did_you_mean = |near: &str| format!("did you mean `{near}`?");
    let near = meant(written, keys);
    let hint = if let Some(parameter) = template_parameter(written) {
        parameter.to_owned()
    } else if let Some(place) = elsewhere(written) {
        near.map(did_you_mean).into_iter().chain([place]).collect::<Vec<_>>().join(" ")
    } else if let Some(near) = near {
        did_you_mean(near)
    } else if let Some(near) = nearest(written, everywhere.iter().map(|(_, key)| key.name)) {
        format!("{} {}", did_you_mean(near), elsewhere(near).unwrap_or_default())
    } else {
        let mut names = Key::names(keys);
        names.sort_unstable();
        format!("known keys are {}", names.join(", "))
    };
    Invalid::new("plan-file/unknown-key", format!("unknown key {} {place}", quoted(written)), hint)
}

fn belongs(table: &str, key: &Key) -> String {
    let name = key.name;
    match (key.holds, table) {
        (Holds::Table(keys), "") => {
            format!("the table [{name}] belongs at the top level; its keys are {}", Key::names(keys).join(", "))
        }
        (Holds::OwnNames, "") => format!("the table [{name}] belongs at the top level"),
        (Holds::Table(_) | Holds::OwnNames, _) => format!("write it as [{}]", join(table, name)),
        (_, "") => format!("`{name}` belongs at the top level, above the first [table]"),
        _ => format!("`{name}` belongs in [{table}]"),
    }
}

/// What the plan file has in place of a parameter of the vendor's template.
///
/// Source: vendor template, CE 5.0.0, parameters.
fn template_parameter(key: &str) -> Option<&'static str> {
    const GENERATED: &str = "secrets are never in the plan file: ce-aws generates them, or takes them from the \
                             secret that `existing` in [secrets] names";
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
        "existingvpccidr" => "not needed: ce-aws asks AWS for the ranges of `vpc` in [existing]",
        "existingecscluster" => "the plan file calls it `cluster` in [existing]",
        "existingsgandnacllambdarole" => {
            "not needed: ce-aws restricts security groups and network ACLs without a Lambda function"
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
