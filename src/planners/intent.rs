//! The open operation of a deployment: recorded on the service before anything is stopped, cleared when it is complete.
//!
//! It is the value of the tag `ce-aws:intent`: words separated by spaces, the operation first. It and AWS are enough to
//! resume the operation or roll it back:
//!
//! `upgrade id=1a2b3c4d from=4.2.0 revision=12 to=5.0.0 count=1 backup=yes at=stop`

use std::fmt;
use std::str::FromStr;

/// The operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Upgrade,
    Restore,
    /// A dump takes the place of what the database holds.
    Load,
}

/// How far it had come when it was last recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Everything is being stopped; nothing that changes the data has run.
    Stop,
    /// Data steps that change the data may have run; the new task has not.
    Data,
    /// The new task may have been started.
    Start,
    /// It is rolled back on the data as it is, and can no longer be resumed.
    Back,
    /// The same, on the recovery point. Decided once, because ECS soon forgets which tasks have run.
    Restore,
}

/// The intent itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Eight hexadecimal digits, part of the names of everything that is created for it.
    pub id: String,
    pub work: Work,
    /// Releases; the same where only images change.
    pub from: String,
    pub to: String,
    /// The revision of the task definition that was running. The one to reach is the newest of the family.
    pub revision: u32,
    /// How many tasks were running.
    pub count: u32,
    /// Whether a recovery point is made before anything changes the data.
    pub backup: bool,
    pub mark: Mark,
    /// Of a restore: the end of the recovery point's ARN.
    pub point: Option<String>,
}

/// An intent that this version cannot read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it lacks a proper `{0}`")]
pub struct Unreadable(&'static str);

const WORKS: [(&str, Work); 3] = [("upgrade", Work::Upgrade), ("restore", Work::Restore), ("load", Work::Load)];
const MARKS: [(&str, Mark); 5] = [
    ("stop", Mark::Stop),
    ("data", Mark::Data),
    ("start", Mark::Start),
    ("back", Mark::Back),
    ("restore", Mark::Restore),
];

impl Mark {
    /// Whether it is a rollback.
    pub fn is_back(self) -> bool {
        self >= Self::Back
    }
}

impl Intent {
    /// The same, further on.
    pub fn at(&self, mark: Mark) -> Self {
        Self { mark, ..self.clone() }
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, from, to, revision, count, .. } = self;
        let backup = if self.backup { "yes" } else { "no" };
        let work = word(&WORKS, self.work);
        let mark = word(&MARKS, self.mark);
        write!(f, "{work} id={id} from={from} revision={revision} to={to} count={count} backup={backup} at={mark}")?;
        self.point.iter().try_for_each(|point| write!(f, " point={point}"))
    }
}

impl FromStr for Intent {
    type Err = Unreadable;

    /// Strict, because it decides what is stopped and started.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split(' ');
        let work = words.next().and_then(|first| meaning(&WORKS, first)).ok_or(Unreadable("work"))?;
        let words: Vec<(&str, &str)> = words.filter_map(|word| word.split_once('=')).collect();
        let get = |name: &'static str| {
            let mut found = words.iter().filter(|(key, _)| *key == name).map(|(_, value)| *value);
            found.next().filter(|value| !value.is_empty() && found.next().is_none()).ok_or(Unreadable(name))
        };
        let number = |name: &'static str| get(name)?.parse::<u32>().map_err(|_| Unreadable(name));
        let id = get("id")?;
        let is_id = id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let release = |name: &'static str| {
            let value = get(name)?;
            let plain = value.len() <= 20 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
            if plain { Ok(value.to_owned()) } else { Err(Unreadable(name)) }
        };
        Ok(Self {
            id: if is_id { id.to_owned() } else { return Err(Unreadable("id")) },
            work,
            from: release("from")?,
            to: release("to")?,
            revision: number("revision")?,
            count: number("count")?,
            backup: match get("backup")? {
                "yes" => true,
                "no" => false,
                _ => return Err(Unreadable("backup")),
            },
            mark: meaning(&MARKS, get("at")?).ok_or(Unreadable("at"))?,
            point: match get("point") {
                Ok(point)
                    if point.len() <= 64 && point.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
                {
                    Some(point.to_owned())
                }
                Ok(_) => return Err(Unreadable("point")),
                Err(_) if work == Work::Restore => return Err(Unreadable("point")),
                Err(_) => None,
            },
        })
    }
}

fn word<T: PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, known)| *known == value).map_or("", |(word, _)| word)
}

fn meaning<T: Copy>(words: &[(&'static str, T)], text: &str) -> Option<T> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "upgrade id=1a2b3c4d from=4.2.0 revision=12 to=5.0.0 count=1 backup=yes at=stop";

    #[test]
    fn it_survives_a_round_trip_and_fits_a_tag() {
        let read: Intent = TEXT.parse().unwrap();
        assert_eq!(read.to_string(), TEXT);
        let point = Some("2c2f9d0d-1b0c-48a4-9b47-887231805d83".to_owned());
        let later = Intent { work: Work::Restore, backup: false, point, ..read.at(Mark::Back) };
        assert_eq!(later.to_string().parse(), Ok(later.clone()));
        let load = TEXT.replace("upgrade", "load").parse::<Intent>().unwrap();
        assert_eq!((load.work, load.to_string()), (Work::Load, TEXT.replace("upgrade", "load")));
        let long = Intent { from: "1".repeat(20), to: "2".repeat(20), revision: u32::MAX, count: u32::MAX, ..later };
        assert!(long.to_string().len() <= 256);
        // The characters that every service takes in a tag's value.
        assert!(TEXT.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" +-=._:/@".contains(&byte)));
    }

    #[test]
    fn an_incomplete_intent_is_refused_with_what_it_lacks() {
        let lacks = |from: &str, to: &str| TEXT.replace(from, to).parse::<Intent>().unwrap_err().0;
        assert_eq!(lacks("upgrade", "downgrade"), "work");
        assert_eq!(lacks("id=1a2b3c4d", "id=1A2b3c4d"), "id");
        assert_eq!(lacks("id=1a2b3c4d", "id=../../etc"), "id");
        assert_eq!(lacks("from=4.2.0", "from=4.2.0/.."), "from");
        assert_eq!(lacks("revision=12", "revision=-1"), "revision");
        assert_eq!(lacks("count=1", "count=1 count=2"), "count");
        assert_eq!(lacks("backup=yes", "backup=maybe"), "backup");
        assert_eq!(lacks(" at=stop", ""), "at");
        assert_eq!(lacks("at=stop", "at=stop point=a:b"), "point");
        assert_eq!(lacks("upgrade", "restore"), "point");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            if let Ok(intent) = text.parse::<Intent>() {
                prop_assert_eq!(intent.to_string().parse(), Ok(intent));
            }
        }
    }
}
