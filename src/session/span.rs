//! Spans of time on the command line.

/// Seconds of a text such as `90`, `90s`, `20m` or `1h`.
///
/// # Errors
///
/// It is none, or more than a day.
pub fn seconds(text: &str) -> Result<u32, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        _ => None,
    };
    let seconds = factor.zip(digits.parse::<u32>().ok()).and_then(|(factor, number)| number.checked_mul(factor));
    seconds
        .filter(|seconds| (1..=86_400).contains(seconds))
        .ok_or_else(|| "a time is a number with `s`, `m` or `h`, such as 90s or 20m, and at most 24h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_its_unit() {
        let all = [("90", 90), ("90s", 90), ("20m", 1200), ("1h", 3600), ("24h", 86_400)];
        for (text, wanted) in all {
            assert_eq!(seconds(text), Ok(wanted), "{text}");
        }
        for text in ["", "m", "0", "0m", "-1s", "1d", "20 m", "1m30s", "1.5h", "25h", "99999999h", "m20", "20\u{e4}"] {
            assert!(seconds(text).is_err(), "{text:?}");
        }
    }
}
