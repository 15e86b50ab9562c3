//! Screens at the width of small terminals, and without one.

use insta::assert_snapshot;

use super::fixture::*;
use crate::engine::event::{Event, Stamped};
use crate::engine::plan::{Action, Finding, Reason, Severity};
use crate::ui::layout::fit;
use crate::ui::plan::{View, plan as render};
use crate::ui::progress::frame::frame;
use crate::ui::progress::tracker::Tracker;
use crate::ui::style::plain;

/// A plan with a finding, an address and a reason that are too long for a small terminal.
fn screen() -> String {
    let mut plan = first_apply();
    let mut stop = step("service/main", Action::Stop, Reason::OneWriter);
    stop.consequences = vec!["Cloud Exchange is down until the new task is healthy".into()];
    plan.steps.push(stop);
    plan.findings = vec![Finding {
        code: "release/support".into(),
        severity: Severity::Warning,
        address: None,
        message:
            "release 5.0.0 is no longer supported by its vendor since 2026-01-31: it no longer receives security fixes"
                .into(),
        hint: Some("upgrade to 6.1.0: `ce-aws upgrade FILE --to 6.1.0 --allow unsupported`".into()),
    }];
    let release = standing("5.0.0", "vendor-tested", "ended", "support ended 2026-01-31");
    render(&plan, &kinds(), View { release: Some(&release), ..View::default() })
}

fn is_within(text: &str, width: usize) -> bool {
    plain(text).lines().all(|line| line.chars().count() <= width)
}

#[test]
fn a_plan_at_80_columns() {
    let text = fit(&screen(), Some(80));
    assert!(is_within(&text, 80));
    assert_snapshot!(plain(&text));
}

#[test]
fn a_plan_at_60_columns() {
    let text = fit(&screen(), Some(60));
    assert!(is_within(&text, 60));
    assert_snapshot!(plain(&text));
}

#[test]
fn a_pipe_gets_whole_lines_without_escape_codes() {
    let mut stream = anstream::StripStream::new(Vec::new());
    std::io::Write::write_all(&mut stream, fit(&screen(), None).as_bytes()).unwrap();
    let text = String::from_utf8(stream.into_inner()).unwrap();
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    assert!(
        text.contains("no longer supported by its vendor since 2026-01-31: it no longer receives security fixes\n")
    );
}

#[test]
fn the_progress_fits_into_each_width() {
    let mut tracker = Tracker::new(&first_apply(), &kinds());
    let started = Event::StepStarted {
        step: 2,
        address: address("nat-gateway/a"),
        action: Action::Create,
        reason: Reason::Missing,
        attempt: 1,
    };
    let waiting =
        Event::StepWaiting { step: 2, address: address("nat-gateway/a"), why: "the gateway is pending".into() };
    for (at, event) in [(0.0, started), (1.0, waiting)] {
        tracker.on(&Stamped { at, event });
    }
    for width in [40, 60, 80, 200] {
        let frame = frame(&tracker, 41.0, width);
        assert!(is_within(&frame, width), "{width}: {}", plain(&frame));
    }
    assert_snapshot!(plain(&frame(&tracker, 41.0, 80)), @r"
    ────────────────────────────── 0 of 3, 2 waiting; 41s so far, about 1m 47s to go
      creating     nat-gateway/a                41s of usually 1m 46s: the gateway …
    ");
    assert_snapshot!(plain(&frame(&tracker, 41.0, 60)), @r"
    ────────── 0 of 3, 2 waiting; 41s so far, about 1m 47s to go
      creating     nat-gateway/a                41s of usually …
    ");
}
