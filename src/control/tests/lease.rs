//! What a claim does in each situation.

use std::time::Duration;

use super::super::clock::Clock;
use super::super::keeper::{is_at_work, recent};
use super::super::lease::{Answer, Claim, Condition, Do, POLL, RENEW, Record, SILENCE, VALID, VERSION};

pub fn record(run: &str) -> Record {
    Record {
        version: VERSION,
        deployment: "prod".to_owned(),
        run: run.to_owned(),
        user: "arn:aws:iam::123456789012:user/jo".to_owned(),
        host: "desk".to_owned(),
        pid: 1,
        process: None,
        command: "apply plan.toml".to_owned(),
        since: "2026-11-22T08:00:00Z".to_owned(),
        beat: 7,
        released: false,
        unseen: 0,
        configured: true,
    }
}

fn there(etag: &str, record: Record) -> Answer {
    Answer::There { etag: etag.to_owned(), record: Box::new(record), age: Duration::ZERO }
}

fn written(etag: &str) -> Answer {
    Answer::Written { etag: etag.to_owned() }
}

fn claim(is_dead: bool) -> Claim {
    Claim::new(record("me"), if is_dead { |_| true } else { |_| false })
}

/// Under which condition a lease is written, if it is; and its beat.
fn put(next: &Do) -> Option<(Condition, u64)> {
    match next {
        Do::Put { condition, record } => Some((condition.clone(), record.beat)),
        _ => None,
    }
}

fn is(etag: &str) -> Condition {
    Condition::Is(etag.to_owned())
}

#[test]
fn a_free_lease_is_taken_at_once_and_renewed() {
    let mut claim = claim(false);
    assert_eq!(put(&claim.on(Answer::Nothing, 0.0, 0.1)).unwrap().0, Condition::Absent);
    assert_eq!(claim.on(written("a"), 1.0, 5.0), Do::Sleep(RENEW));
    assert!(claim.is_held());
    assert_eq!(claim.valid_until(), 1.0 + VALID, "from when it was asked for");
    let (condition, beat) = put(&claim.on(Answer::Slept, 5.0, 15.0)).unwrap();
    assert_eq!((condition, beat), (is("a"), 9));
    assert_eq!(claim.on(Answer::Unknown, 15.0, 30.0), Do::Sleep(POLL));
    assert_eq!(claim.valid_until(), 1.0 + VALID, "what has no answer makes nothing valid");
}

#[test]
fn a_released_lease_and_a_dead_holders_are_taken_over_at_once() {
    let released = Record { released: true, ..record("other") };
    assert_eq!(put(&claim(false).on(there("a", released), 0.0, 0.1)), Some((is("a"), 8)));
    assert_eq!(put(&claim(true).on(there("a", record("other")), 0.0, 0.1)), Some((is("a"), 8)));
}

#[test]
fn a_silent_holder_is_replaced_after_a_minute_and_one_that_writes_is_not() {
    let mut silent = claim(false);
    assert_eq!(silent.on(there("a", record("other")), 100.0, 101.0), Do::Sleep(POLL));
    assert_eq!(silent.on(Answer::Slept, 101.0, 103.0), Do::Get);
    let almost = 101.0 + SILENCE - 0.1;
    assert_eq!(
        silent.on(there("a", record("other")), almost, almost + 9.0),
        Do::Sleep(POLL),
        "counted from question to answer"
    );
    assert_eq!(put(&silent.on(there("a", record("other")), 101.0 + SILENCE, 200.0)).unwrap().0, is("a"));
    let mut alive = claim(false);
    alive.on(there("a", record("other")), 0.0, 1.0);
    assert_eq!(alive.on(there("b", record("other")), 10.0, 11.0), Do::Refuse(Box::new(record("other"))));
}

#[test]
fn the_second_writer_reads_and_refuses() {
    let mut second = claim(false);
    second.on(Answer::Nothing, 0.0, 0.1);
    assert_eq!(second.on(Answer::Conflict, 0.1, 0.2), Do::Get);
    assert_eq!(second.on(there("a", record("other")), 0.2, 0.3), Do::Refuse(Box::new(record("other"))));
}

#[test]
fn a_write_whose_answer_was_lost_is_recognised() {
    let mut taking = claim(false);
    taking.on(Answer::Nothing, 0.0, 0.1);
    assert_eq!(taking.on(Answer::Unknown, 0.1, 9.0), Do::Get);
    assert_eq!(put(&taking.on(there("a", record("me")), 9.0, 9.1)), Some((is("a"), 8)));
    taking.on(written("b"), 9.1, 9.2);
    taking.on(Answer::Slept, 9.2, 19.2);
    assert_eq!(taking.on(Answer::Conflict, 19.2, 19.3), Do::Get);
    assert_eq!(put(&taking.on(there("c", record("me")), 19.3, 19.4)).unwrap().0, is("c"));
    assert_eq!(taking.valid_until(), 9.1 + VALID, "seeing it is not asking for it");
}

#[test]
fn a_lease_that_was_taken_over_is_lost() {
    for end in [there("b", record("other")), Answer::Nothing, there("b", Record { released: true, ..record("me") })] {
        let mut claim = claim(false);
        claim.on(Answer::Nothing, 0.0, 0.1);
        claim.on(written("a"), 0.1, 0.2);
        claim.on(Answer::Slept, 0.2, 10.2);
        claim.on(Answer::Conflict, 10.2, 10.3);
        assert_eq!(claim.on(end, 10.3, 10.4), Do::Lost);
        assert!(claim.valid_until() < 0.0 && !claim.is_held());
        assert_eq!(claim.release(0, true), Do::Lost);
    }
}

#[test]
fn a_release_writes_a_tombstone() {
    let mut claim = claim(false);
    claim.on(Answer::Nothing, 0.0, 0.1);
    claim.on(written("a"), 0.1, 0.2);
    let Do::Put { condition, record } = claim.release(0, true) else { panic!("it is written") };
    assert!(record.released && condition == is("a") && claim.valid_until() < 0.0);
    assert_eq!(claim.on(written("b"), 0.3, 0.4), Do::Released);
}

#[test]
fn settings_that_a_run_could_not_make_are_left_to_the_next() {
    for before in [true, false] {
        let mut claim = claim(false);
        let released = Record { released: true, configured: before, ..record("other") };
        let Do::Put { record: taken, .. } = claim.on(there("a", released), 0.0, 0.1) else { panic!("it is taken") };
        assert_eq!(taken.configured, before, "known until this run says otherwise");
        claim.on(written("b"), 0.1, 0.2);
        let Do::Put { record: last, .. } = claim.release(0, !before) else { panic!("it is written") };
        assert_eq!(last.configured, !before);
    }
    let of_an_earlier_version = serde_json::to_value(record("other")).map(|mut value| {
        value.as_object_mut().unwrap().remove("configured");
        serde_json::from_value::<Record>(value).unwrap()
    });
    assert!(of_an_earlier_version.unwrap().configured);
}

#[test]
fn a_holder_that_released_or_is_silent_for_a_minute_is_not_active() {
    let is = |record: &Record, seconds| is_at_work(record, Duration::from_secs(seconds), Clock::new(1.0));
    assert!(is(&record("other"), 59));
    assert!(!is(&record("other"), 60));
    assert!(!is(&Record { released: true, ..record("other") }, 0));
}

#[test]
fn only_leases_that_were_written_lately_are_read() {
    let lease = |key: &str, seconds| (key.to_owned(), Duration::from_secs(seconds));
    let leases =
        [lease("lease/held.json", 59), lease("lease/silent.json", 60), lease("lease/old.json", 86_400), lease("x", 0)];
    assert_eq!(recent(&leases, Clock::new(1.0)).collect::<Vec<_>>(), ["held"]);
}
