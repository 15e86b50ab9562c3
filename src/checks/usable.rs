//! Whether a resource can be used, in short words for tables.

use crate::engine::plan::{Finding, Severity};

/// Whether a resource can be used, and why not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usable {
    /// No finding refuses it.
    pub yes: bool,
    /// The findings, refusals first: `no egress`, `few addresses`.
    pub why: Vec<String>,
}

/// Sums up the findings about one resource.
pub fn usable(findings: &[Finding]) -> Usable {
    let mut sorted: Vec<_> = findings.iter().collect();
    sorted.sort_by_key(|finding| finding.severity);
    let mut why: Vec<_> = sorted.iter().map(|finding| words(&finding.code)).collect();
    why.dedup();
    Usable { yes: findings.iter().all(|finding| finding.severity != Severity::Refusal), why }
}

/// `subnet/no-egress` is `no egress`.
fn words(code: &str) -> String {
    code.split_once('/').map_or(code, |(_, what)| what).replace('-', " ")
}

#[cfg(test)]
mod tests {
    use super::super::finding::{refusal, warning};
    use super::*;

    #[test]
    fn a_refusal_makes_a_resource_unusable_and_comes_first() {
        let (bad, poor) = (
            refusal("subnet/no-egress", String::new(), ""),
            warning("network-acl/open-admin-ports", String::new(), ""),
        );
        let both = usable(&[poor.clone(), bad]);
        assert_eq!(both, Usable { yes: false, why: vec!["no egress".to_owned(), "open admin ports".to_owned()] });
        assert!(usable(&[poor]).yes);
        assert_eq!(usable(&[]), Usable { yes: true, why: Vec::new() });
    }
}
