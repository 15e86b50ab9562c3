//! The way from a network to the UI.

use serde::Serialize;

use super::style::{DANGER, GOOD, WARNING, paint};
use super::text::clean;

/// One place on the way, as scripts read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PathHop {
    /// `network-acl-inbound`, `security-group`, `network-acl-outbound`, `route`.
    pub place: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subnet: String,
    /// `passes`, `partly`, `unknown`, `stopped`.
    pub result: &'static str,
    pub why: String,
}

/// All of it; `result` is that of the whole way.
pub fn path(from: &str, to: &str, result: &str, hops: &[PathHop]) -> String {
    let line = |hop: &PathHop| {
        let style = match hop.result {
            "passes" => GOOD,
            "stopped" => DANGER,
            _ => WARNING,
        };
        let place = format!("{} {}", hop.place.replace('-', " "), hop.subnet);
        format!(
            "{}  {:<44}  {}\n",
            paint(style, format!("{:<7}", hop.result)),
            clean(place.trim_end()),
            clean(&hop.why)
        )
    };
    let lines: String = hops.iter().map(line).collect();
    let (from, to) = (clean(from), clean(to));
    let end = match result {
        "passes" => {
            format!(
                "{from} reaches {to}, as far as this VPC decides; what lies beyond its routes is not seen from here"
            )
        }
        "partly" => format!("only a part of {from} reaches {to}"),
        "stopped" => format!("{from} does not reach {to}"),
        _ => format!("whether {from} reaches {to} cannot be told: not everything may be read"),
    };
    format!("{lines}\n{end}\n")
}

/// What AWS's own analysis has found: whether the destination is reached, and why not, as code and components.
pub fn analysis(reached: bool, reasons: &[(&str, String)]) -> String {
    if reached {
        return "AWS's Reachability Analyzer finds the way as well\n".to_owned();
    }
    let line = |(code, components): &(&str, String)| {
        let stopped = paint(DANGER, "stopped");
        format!("{stopped}  {:<44}  {}\n", clean(code), clean(components))
    };
    let lines: String = reasons.iter().map(line).collect();
    format!("\nAWS's Reachability Analyzer finds no way ({EXPLANATIONS} explains its codes):\n{lines}")
}

const EXPLANATIONS: &str = "https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html";
