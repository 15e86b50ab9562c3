//! What the running task has answered itself.

use crate::kinds::service::probe::{ProbeView, UiAnswer};

use super::style::{DANGER, GOOD, TITLE, WARNING, paint};
use super::text::clean;

/// Lines without their ends.
pub fn lines(probe: &ProbeView) -> Vec<String> {
    let line = |title: &str, words: String| format!("  {title:<24} {words}");
    let not_known = || "not known".to_owned();
    let ui = match (probe.ui_status, probe.ui_answers()) {
        (Some(status), Some(true)) => format!("{} (HTTP {status})", paint(GOOD, "answers")),
        (Some(status), _) => paint(DANGER, format_args!("answers with HTTP {status}")),
        (None, _) => not_known(),
    };
    let version = |version: &Option<String>| version.as_deref().map_or_else(not_known, clean);
    let core = version(&probe.core_version);
    let database = match probe.migrated {
        Some(true) => format!("{}, {}", version(&probe.database_version), paint(GOOD, "migrated")),
        Some(false) => {
            let not_yet = paint(WARNING, "not core's: its migration is not over, or has failed");
            format!("{}, {not_yet}", version(&probe.database_version))
        }
        None => version(&probe.database_version),
    };
    let mut lines = vec![paint(TITLE, "Asked in the containers")];
    lines.extend([line("UI", ui), line("version of core", core), line("version of the database", database)]);
    lines.extend(probe.unknown.iter().map(|why| format!("  not known of {}", clean(why))));
    lines
}

/// After a new task was started, ended by a newline.
pub fn text(probe: &ProbeView) -> String {
    format!("\n{}\n", lines(probe).join("\n"))
}

/// After an apply has started a task: one line, whatever it was.
pub fn ui_line(answer: &UiAnswer) -> String {
    let said = match answer {
        UiAnswer::Status(status) if answer.is_well() == Some(true) => {
            format!("the UI {} (HTTP {status})", paint(GOOD, "answers"))
        }
        UiAnswer::Status(status) => {
            format!(
                "{}; `ce-aws logs --container ui` shows more",
                paint(DANGER, format_args!("the UI answers with HTTP {status}"))
            )
        }
        UiAnswer::Nothing => {
            format!(
                "{}; `ce-aws logs --container ui` shows more",
                paint(DANGER, "the UI does not answer in its container")
            )
        }
        UiAnswer::NotAsked(why) => format!("the UI was not asked in its container: {}", clean(why)),
    };
    format!("{said}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::style::plain;

    #[test]
    fn what_is_not_known_is_no_fault() {
        let known = ProbeView {
            ui_status: Some(200),
            core_version: Some("5.1.2".into()),
            database_version: Some("5.1.2".into()),
            migrated: Some(true),
            unknown: vec![],
        };
        let old = ProbeView {
            ui_status: Some(502),
            database_version: Some("5.1.1".into()),
            migrated: Some(false),
            ..known.clone()
        };
        let unknown = ProbeView { unknown: vec!["the UI: this container has no curl".into()], ..ProbeView::default() };
        let all = [known, old, unknown].map(|probe| plain(&text(&probe))).concat();
        insta::assert_snapshot!(all, @r"

        Asked in the containers
          UI                       answers (HTTP 200)
          version of core          5.1.2
          version of the database  5.1.2, migrated

        Asked in the containers
          UI                       answers with HTTP 502
          version of core          5.1.2
          version of the database  5.1.1, not core's: its migration is not over, or has failed

        Asked in the containers
          UI                       not known
          version of core          not known
          version of the database  not known
          not known of the UI: this container has no curl
        ");
    }
    #[test]
    fn an_apply_says_in_one_line_whether_the_ui_answers() {
        let why = "ecs ExecuteCommand failed: AccessDeniedException: you may not".to_owned();
        let all = [UiAnswer::Status(302), UiAnswer::Status(502), UiAnswer::Nothing, UiAnswer::NotAsked(why)];
        insta::assert_snapshot!(plain(&all.map(|answer| ui_line(&answer)).concat()), @r"
        the UI answers (HTTP 302)
        the UI answers with HTTP 502; `ce-aws logs --container ui` shows more
        the UI does not answer in its container; `ce-aws logs --container ui` shows more
        the UI was not asked in its container: ecs ExecuteCommand failed: AccessDeniedException: you may not
        ");
    }
}
