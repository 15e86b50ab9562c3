//! AWS Backup.

use insta::assert_snapshot;

use crate::checks::backup::opted_in;

use super::samples::{denied, named, text};

#[test]
fn a_missing_opt_in_is_refused_and_an_unreadable_one_is_a_warning() {
    assert_eq!(opted_in(&named("eu-west-1", true)), None);
    let said = [
        named("eu-west-1", false),
        denied("eu-west-1", "backup DescribeRegionSettings failed: AccessDeniedException: no"),
    ]
    .iter()
    .filter_map(opted_in)
    .collect::<Vec<_>>();
    assert_snapshot!(text(&said));
}
