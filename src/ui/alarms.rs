//! Alarms that were set off for a test, as people read it.

use serde::Serialize;

use super::finding::hint;
use super::text::{clean, count};

/// An alarm that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fired {
    /// As CloudWatch shows it.
    pub name: String,
    /// It had gone off before, and was left alone.
    pub was_off_already: bool,
}

/// What was done, ended by a newline.
pub fn fired(all: &[Fired], unconfirmed: &[String]) -> String {
    let number = all.iter().filter(|one| !one.was_off_already).count();
    let mut text = format!("{} set off:\n", count(number, "alarm"));
    for one in all {
        let already = if one.was_off_already { "  has gone off already, left alone" } else { "" };
        text += &format!("  {}{already}\n", clean(&one.name));
    }
    text += "Each is judged again within minutes, and its end is told as well.\n";
    for endpoint in unconfirmed {
        text += &hint(&format!("{} is not told: the subscription has not been confirmed yet", clean(endpoint)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::style::plain;

    #[test]
    fn each_alarm_is_named_and_so_is_who_is_not_told() {
        let one = |name: &str, was_off_already| Fired { name: format!("ce-aws/prod/{name}"), was_off_already };
        let said = fired(&[one("cpu", false), one("memory", true)], &["ops@example.com".to_owned()]);
        let lines = [
            "1 alarm set off:",
            "  ce-aws/prod/cpu",
            "  ce-aws/prod/memory  has gone off already, left alone",
            "Each is judged again within minutes, and its end is told as well.",
            "hint: ops@example.com is not told: the subscription has not been confirmed yet",
        ];
        assert_eq!(plain(&said).lines().collect::<Vec<_>>(), lines);
    }
}
