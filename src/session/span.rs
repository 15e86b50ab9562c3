//! Spans of time on the command line.

const DAY: u32 = 86_400;

/// Seconds of a text such as `90`, `90s`, `20m` or `1h`.
///
/// # Errors
///
/// It is none, or more than a day.
pub fn seconds(text: &str) -> Result<u32, String> {
    read(text)
        .filter(|seconds| (1..=DAY).contains(seconds))
        .ok_or_else(|| "a time is a number with `s`, `m` or `h`, such as 90s or 20m, and at most 24h".to_owned())
}

/// The same for how far back to look: days as well, such as `3d`.
///
/// # Errors
///
/// It is none, or more than ten years: CloudWatch Logs keeps nothing for longer, unless it keeps it for ever.
pub fn past(text: &str) -> Result<u32, String> {
    let days = text.strip_suffix('d').map(|days| days.parse::<u32>().ok()?.checked_mul(DAY));
    days.unwrap_or_else(|| read(text))
        .filter(|seconds| (1..=3653 * DAY).contains(seconds))
        .ok_or_else(|| "a time is a number with `s`, `m`, `h` or `d`, such as 20m or 3d, and at most 3653d".to_owned())
}

fn read(text: &str) -> Option<u32> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        _ => None,
    };
    factor.zip(digits.parse::<u32>().ok()).and_then(|(factor, number)| number.checked_mul(factor))
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

    #[test]
    fn the_past_is_counted_in_days_too() {
        for (text, wanted) in [("90", 90), ("25h", 90_000), ("3d", 259_200), ("3653d", 315_619_200)] {
            assert_eq!(past(text), Ok(wanted), "{text}");
        }
        for text in ["", "d", "0d", "-1d", "3654d", "1.5d", "99999999d", "99999999h", "1w"] {
            assert!(past(text).is_err(), "{text:?}");
        }
    }
}
