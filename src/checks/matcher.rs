//! The status codes that a health check counts as healthy.

/// Whether a matcher, such as `200,202` or `200-299`, accepts this code (Elastic Load Balancing API reference,
/// Matcher).
pub fn accepts(matcher: &str, code: u16) -> bool {
    matcher.split(',').map(str::trim).any(|part| match part.split_once('-') {
        Some((from, to)) => match (from.trim().parse(), to.trim().parse()) {
            (Ok(from), Ok(to)) => (from..=to).contains(&code),
            _ => false,
        },
        None => part.parse() == Ok(code),
    })
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn lists_and_ranges() {
        assert!(["200", "200,302", "302, 200", "200-299", "100-199,200-399"].iter().all(|text| accepts(text, 200)));
        assert!(!["", "201", "201-299", "301,302", "2xx"].iter().any(|text| accepts(text, 200)));
    }
}
