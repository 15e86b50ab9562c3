//! Whatever is in the control bucket: never a panic, and nothing raw on the terminal.

use proptest::prelude::*;

use super::super::history::{self, Entry, Stored};
use super::super::keeper::parse;
use super::lease::record;

#[test]
fn only_a_lease_of_this_deployment_and_version_is_one() {
    let bytes = |record| serde_json::to_vec(&record).unwrap();
    assert_eq!(parse(&bytes(record("a")), "prod"), Ok(record("a")));
    let newer = super::super::lease::Record { version: 2, ..record("a") };
    assert_eq!(parse(&bytes(newer), "prod").unwrap_err(), "it has version 2, but this ce-aws reads version 1");
    assert_eq!(parse(&bytes(record("a")), "test").unwrap_err(), "it is the lease of prod");
    for bytes in [&b""[..], b"null", b"[]", b"{}", b"\xff\xfe", b"{\"version\":1e999}"] {
        assert!(parse(bytes, "prod").is_err());
        assert!(matches!(history::parse("key", bytes), Stored::Unreadable { .. }));
    }
}

proptest! {
    #[test]
    fn nothing_that_is_read_makes_it_panic(bytes in any::<Vec<u8>>(), cut in 0_usize..400) {
        let _ = parse(&bytes, "prod");
        let _ = history::parse("key", &bytes);
        let mut whole = serde_json::to_vec(&record("a")).unwrap();
        whole.truncate(cut);
        whole.extend(&bytes);
        let _ = parse(&whole, "prod");
        let mut whole = serde_json::to_vec(&Entry::default()).unwrap();
        whole.truncate(cut);
        whole.extend(&bytes);
        let _ = history::parse("key", &whole);
    }
}
