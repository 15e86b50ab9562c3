//! Names that people choose.

use super::{
    aws_name::is_match,
    text::{Invalid, quoted},
    value::string,
};

string! {
    /// Name of a deployment: the stem of every resource name.
    ///
    /// 1 to 19 of `a-z 0-9 -`, no hyphen first or last. Nineteen is what the shortest limit leaves, that
    /// of a load balancer's or target group's name (32 characters).
    Name,
    expected: "a name such as \"prod\"",
    pattern: "^[a-z0-9]([a-z0-9-]{0,17}[a-z0-9])?$",
    check: check_name
}

impl Name {
    pub const MAX_LENGTH: usize = 19;
}

fn check_name(text: &str) -> Result<(), Invalid> {
    let wrong = text.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-'));
    let name = quoted(text);
    let message = match wrong {
        None if is_match(Name::PATTERN, text) => return Ok(()),
        None if text.is_empty() => "the name is empty".to_owned(),
        None if text.len() > Name::MAX_LENGTH => {
            format!("the name {name} is too long by {}", text.len() - Name::MAX_LENGTH)
        }
        None => format!("the name {name} starts or ends with a hyphen"),
        Some(wrong) => format!("the name {name} cannot have a {}", quoted(&wrong.to_string())),
    };
    let hint = "use 1 to 19 lowercase letters, digits and hyphens, such as \"prod\" or \"ce-eu-1\"";
    Err(Invalid::new("plan-file/bad-name", message, hint))
}

string! {
    /// What people call the network; part of the `Name` tags that the console shows. It leaves room in a tag value of
    /// 256 characters for the deployment's name and the part's own.
    NetworkName,
    expected: "a name such as \"CloudExchange-VPC\"",
    pattern: "^[A-Za-z0-9 +=._:/@-]{1,128}$",
    check: check_network_name
}

impl Default for NetworkName {
    /// Source: vendor template, CE 5.0.0, parameter `VPCName`.
    fn default() -> Self {
        Self("CloudExchange-VPC".to_owned())
    }
}

fn check_network_name(text: &str) -> Result<(), Invalid> {
    if is_match(NetworkName::PATTERN, text) {
        return Ok(());
    }
    Err(Invalid::new(
        "plan-file/bad-network-name",
        format!("{} cannot be part of a Name tag", quoted(text)),
        "use 1 to 128 letters, digits, spaces and + - = . _ : / @",
    ))
}
