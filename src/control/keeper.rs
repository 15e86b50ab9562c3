//! Does what [`super::lease`] decides: takes the lease, renews it in the background, releases it.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::try_join_all;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::aws::permit::{Permit, awake};
use crate::engine::cadence::{self, Retry};
use crate::engine::failure::{Cause, Failure};

use super::bucket::LEASES;
use super::clock::Clock;
use super::error::ControlError;
use super::lease::{Answer, Claim, Condition, Do, Record, SILENCE, UNSEEN, VALID, VERSION};
use super::objects::{Got, Store};
use super::process;

/// The largest lease that is read, in bytes.
const LARGEST: usize = 64 * 1024;

/// A held lease, which is renewed in the background until it is released or lost.
#[derive(Debug)]
pub struct Keeper {
    stop: oneshot::Sender<End>,
    task: JoinHandle<bool>,
    /// The settings of the bucket, where they have to be made.
    settings: Option<JoinHandle<Result<(), ControlError>>>,
    /// The previous run, if there was one.
    pub before: Option<Before>,
    /// Whether nobody else has held it since it was first read.
    pub at_once: bool,
}

/// What a release leaves to the next run.
#[derive(Clone, Copy, Debug)]
struct End {
    unseen: u32,
    is_configured: bool,
}

impl End {
    /// Of a run that did not say.
    const UNKNOWN: Self = Self { unseen: UNSEEN, is_configured: false };
}

/// What AWS may not list yet after the previous run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// For how many seconds after its end lists may miss something that it has created.
    pub unseen: u32,
    /// How long ago it ended, at least, in real time.
    pub ended: Duration,
}

impl Before {
    /// From a record that was written `age` ago. A run that did not release the lease may have worked as long as the
    /// lease was valid.
    fn of(record: &Record, age: Duration, clock: Clock) -> Self {
        let worked = if record.released { Duration::ZERO } else { clock.real(VALID) };
        // The record is not trusted: lists do not lag for longer.
        Self { unseen: record.unseen.min(UNSEEN), ended: age.saturating_sub(worked) }
    }
}

/// Where the lease of one deployment is.
#[derive(Clone, Debug)]
struct Place {
    store: Store,
    key: String,
    deployment: String,
    clock: Clock,
}

/// A lease that was read and may be taken.
#[derive(Debug)]
pub struct Request {
    place: Place,
    claim: Claim,
    next: Do,
    began: f64,
    run: String,
    /// What was read last: nothing if no run has ever held it.
    record: Option<Box<Record>>,
    /// The previous run, if there was one.
    pub before: Option<Before>,
    /// Whether the run that created the bucket could not finish its settings.
    lacks_settings: bool,
}

impl Request {
    /// Reads the lease that `me` describes.
    ///
    /// # Errors
    ///
    /// The bucket cannot be used; the object is not a lease.
    pub async fn read(store: &Store, me: Record, clock: Clock) -> Result<Self, ControlError> {
        let key = key(&me.deployment);
        let place = Place { store: store.clone(), key, deployment: me.deployment.clone(), clock };
        let run = me.run.clone();
        let (claim, began) = (Claim::new(me, is_dead), clock.now());
        let mut request =
            Self { place, claim, next: Do::Get, began, run, record: None, before: None, lacks_settings: false };
        request.go_on().await?;
        Ok(request)
    }

    /// Whether a run has ever held it: its object stays when it is released.
    pub fn is_known(&self) -> bool {
        self.record.is_some()
    }

    /// Whether nobody holds it. What is read in AWS from now on stays true if it is then taken [at once]: no other run
    /// can have held it in between.
    ///
    /// [at once]: Keeper::at_once
    pub fn is_free(&self) -> bool {
        matches!(self.next, Do::Put { .. })
    }

    /// Takes it. `permit` is valid as long as the lease. `waits` is called once, with the holder, if it takes time to
    /// find out whether the holder is still alive. The bucket is created where there is none; its settings are made
    /// while the lease is held already.
    ///
    /// # Errors
    ///
    /// Another run holds it; the bucket cannot be used; the object is not a lease.
    pub async fn take(mut self, permit: &Permit, mut waits: impl FnMut(&Record)) -> Result<Keeper, ControlError> {
        let (mut has_reported, mut at_once) = (false, self.is_free());
        while !self.claim.is_held() {
            if let (Some(record), Do::Sleep(_), false) = (&self.record, &self.next, has_reported) {
                has_reported = true;
                waits(record);
            }
            if let Do::Put { condition: Condition::Absent, .. } = &self.next
                && !self.lacks_settings
            {
                patiently(self.place.clock, self.began, || self.place.store.create()).await?;
                self.lacks_settings = true;
            }
            self.go_on().await?;
            at_once &= !matches!(self.next, Do::Get);
        }
        let Self { place, claim, next, before, lacks_settings, .. } = self;
        follow(permit, &claim, place.clock);
        tracing::debug!(key = place.key, "the lease is taken");
        let settings = lacks_settings.then(|| {
            let (store, clock) = (place.store.clone(), place.clock);
            tokio::spawn(async move { patiently(clock, clock.now(), || store.configure()).await })
        });
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(keep(place, claim, next, permit.clone(), stopped));
        Ok(Keeper { stop, task, settings, before, at_once })
    }

    /// Does what is next.
    async fn go_on(&mut self) -> Result<(), ControlError> {
        if let Do::Refuse(record) = &self.next {
            return Err(ControlError::Held(record.clone()));
        }
        let clock = self.place.clock;
        let (answer, asked) = patiently(clock, self.began, || timed(&self.place, &self.next)).await?;
        if let Answer::There { record, age, .. } = &answer {
            if record.run != self.run {
                self.before = Some(Before::of(record, *age, clock));
            }
            self.lacks_settings = !record.configured;
            self.record = Some(record.clone());
        }
        self.next = self.claim.on(answer, asked, clock.now());
        Ok(())
    }
}

impl Keeper {
    /// Waits until the bucket has all its settings.
    ///
    /// # Errors
    ///
    /// Some could not be made. The next run makes them.
    pub async fn settle(&mut self) -> Result<(), ControlError> {
        match self.settings.take() {
            None => Ok(()),
            Some(settings) => {
                settings.await.unwrap_or_else(|error| Err(Failure::of(Cause::Internal, error.to_string()).into()))
            }
        }
    }

    /// Releases the lease; false if it was lost before, or the release could not be written. For `unseen` seconds from
    /// now lists may miss something that was created. `is_configured`: the bucket lacks no setting.
    pub async fn release(self, unseen: u32, is_configured: bool) -> bool {
        // If the task has ended, the lease is lost.
        let _ = self.stop.send(End { unseen, is_configured });
        self.task.await.unwrap_or(false)
    }
}

/// The run that holds the lease of a deployment; `None` also if the lease is not readable.
pub async fn at_work(store: &Store, deployment: &str, clock: Clock) -> Result<Option<Record>, Failure> {
    let Got::There { bytes, age, .. } = store.get(&key(deployment), LARGEST).await? else { return Ok(None) };
    Ok(parse(&bytes, deployment).ok().filter(|record| is_at_work(record, age, clock)))
}

/// The runs that hold a lease of the account and region, by deployment. One list says which leases were written lately:
/// a holder renews its own every few seconds, so only those are read.
pub async fn all_at_work(store: &Store, clock: Clock) -> Result<BTreeMap<String, Record>, Failure> {
    let leases = store.ages(LEASES).await?;
    let holders = recent(&leases, clock).map(async |name| Ok((name.to_owned(), at_work(store, name, clock).await?)));
    let holders = try_join_all(holders);
    Ok(holders.await?.into_iter().filter_map(|(name, record)| Some((name, record?))).collect())
}

/// The deployments whose leases, by key and age, may be held.
pub(super) fn recent(leases: &[(String, Duration)], clock: Clock) -> impl Iterator<Item = &str> {
    let recent = leases.iter().filter(move |(_, age)| *age < clock.real(SILENCE));
    recent.filter_map(|(key, _)| key.strip_prefix(LEASES)?.strip_suffix(".json"))
}

/// Whether the holder that wrote this `age` ago is still active: it has not released the lease, is not known to be
/// dead, and was not silent for longer than the next run would wait.
pub(super) fn is_at_work(record: &Record, age: Duration, clock: Clock) -> bool {
    !record.released && age < clock.real(SILENCE) && !is_dead(record)
}

fn key(deployment: &str) -> String {
    format!("{LEASES}{deployment}.json")
}

fn is_dead(record: &Record) -> bool {
    record.process.as_ref().is_some_and(|process| process::is_dead(record.pid, process))
}

/// Renews the lease until it should stop, then releases it.
async fn keep(
    place: Place,
    mut claim: Claim,
    mut next: Do,
    permit: Permit,
    mut stopped: oneshot::Receiver<End>,
) -> bool {
    let clock = place.clock;
    let mut is_releasing = false;
    loop {
        let asked = clock.now();
        let answer = match &next {
            Do::Released => return true,
            Do::Lost | Do::Refuse(_) => {
                permit.revoke();
                tracing::warn!(key = place.key, "the lease is lost");
                return false;
            }
            Do::Sleep(seconds) => {
                let slept = tokio::time::sleep(clock.real(*seconds));
                tokio::select! {
                    () = slept => Answer::Slept,
                    end = &mut stopped, if !is_releasing => {
                        is_releasing = true;
                        permit.revoke();
                        let End { unseen, is_configured } = end.unwrap_or(End::UNKNOWN);
                        next = claim.release(unseen, is_configured);
                        continue;
                    }
                }
            }
            // A call without an answer by then is repeated, which also shows whether it took effect.
            next => match tokio::time::timeout(clock.real(VALID / 3.0), perform(&place, next)).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => {
                    tracing::debug!(key = place.key, %error, "the lease could not be renewed");
                    Answer::Unknown
                }
                Err(_) => Answer::Unknown,
            },
        };
        let is_answered = answer != Answer::Unknown;
        next = claim.on(answer, asked, clock.now());
        if is_releasing && !is_answered {
            // The next run finds this one silent or dead.
            return false;
        }
        if !is_releasing {
            follow(&permit, &claim, clock);
        }
    }
}

/// Keeps the permit valid as long as the lease.
fn follow(permit: &Permit, claim: &Claim, clock: Clock) {
    match claim.valid_until() - clock.now() {
        left if left > 0.0 => permit.until(awake() + clock.real(left)),
        _ => permit.revoke(),
    }
}

/// Repeats a call while its failure is temporary; `began` is when the first was made. The next call shows whether a
/// write without an answer took effect.
async fn patiently<T, F>(clock: Clock, began: f64, call: impl Fn() -> F) -> Result<T, ControlError>
where
    F: Future<Output = Result<T, ControlError>>,
{
    let mut attempt = 1;
    loop {
        let failure = match call().await {
            Err(ControlError::Failed(failure)) => failure,
            result => return result,
        };
        match cadence::retry(failure.cause, attempt, clock.now() - began) {
            Retry::After(seconds) => tokio::time::sleep(clock.real(seconds)).await,
            Retry::No => return Err(failure.into()),
        }
        attempt += 1;
    }
}

/// The answer, and when the call was made.
async fn timed(place: &Place, next: &Do) -> Result<(Answer, f64), ControlError> {
    let asked = place.clock.now();
    match perform(place, next).await {
        Ok(answer) => Ok((answer, asked)),
        Err(denied @ ControlError::Denied { .. }) => Err(place.store.whose(denied).await),
        Err(error) => Err(error),
    }
}

async fn perform(place: &Place, next: &Do) -> Result<Answer, ControlError> {
    let Place { store, key, deployment, clock } = place;
    match next {
        Do::Get => match store.get(key, LARGEST).await.map_err(|failure| store.denied(failure))? {
            Got::Nothing => Ok(Answer::Nothing),
            Got::TooLarge => Err(place.unreadable("it is larger than any lease")),
            Got::There { etag, bytes, age } => {
                let record = parse(&bytes, deployment).map_err(|why| place.unreadable(&why))?;
                Ok(Answer::There { etag, record: Box::new(record), age })
            }
        },
        Do::Put { condition, record } => {
            let body = serde_json::to_vec(record).map_err(|error| Failure::of(Cause::Internal, error.to_string()))?;
            let written = store.put_if(key, body, condition).await.map_err(|failure| store.denied(failure))?;
            Ok(written.map_or(Answer::Conflict, |etag| Answer::Written { etag }))
        }
        Do::Sleep(seconds) => {
            tokio::time::sleep(clock.real(*seconds).max(Duration::from_millis(1))).await;
            Ok(Answer::Slept)
        }
        Do::Refuse(_) | Do::Lost | Do::Released => Ok(Answer::Slept),
    }
}

impl Place {
    fn unreadable(&self, why: &str) -> ControlError {
        ControlError::Unreadable { bucket: self.store.bucket.clone(), key: self.key.clone(), why: why.to_owned() }
    }
}

/// Reads a lease. Its content is not trusted.
///
/// # Errors
///
/// What is wrong with it, as a lower-case fragment.
pub fn parse(bytes: &[u8], deployment: &str) -> Result<Record, String> {
    let record: Record = serde_json::from_slice(bytes).map_err(|error| format!("it is not a lease: {error}"))?;
    if record.version != VERSION {
        return Err(format!("it has version {}, but this ce-aws reads version {VERSION}", record.version));
    }
    if record.deployment != deployment {
        return Err(format!("it is the lease of {}", record.deployment));
    }
    Ok(record)
}
