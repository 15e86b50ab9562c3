use insta::assert_snapshot;

use crate::engine::clock::timestamp_in_milliseconds;
use crate::ui::logs::LogLine;
use crate::ui::style::plain;

#[test]
fn lines_of_several_containers_stand_in_columns() {
    let containers = ["core", "mongodb-primary", "ui"].map(str::to_owned);
    let lines = [
        ("mongodb-primary", r#"{"t":{"$date":"2025-11-29T14:02:05.120Z"},"msg":"Waiting for connections"}"#),
        ("core", "Traceback (most recent call last):"),
        ("core", "\tFile \"main.py\", line 1\u{1b}[2J"),
        ("data-step", "the feature compatibility version is 5.0"),
        ("ui", "GET / 200\n"),
    ];
    let text: String = (0_i64..)
        .zip(lines)
        .map(|(index, (container, message))| {
            let time = timestamp_in_milliseconds(1_764_424_925_120 + 40 * index);
            LogLine { time, container, task: "1f2e3d4c", message }.text(&containers)
        })
        .collect();
    assert_snapshot!(plain(&text), @r#"
    2025-11-29T14:02:05.120Z mongodb-primary {"t":{"$date":"2025-11-29T14:02:05.120Z"},"msg":"Waiting for connections"}
    2025-11-29T14:02:05.160Z core            Traceback (most recent call last):
    2025-11-29T14:02:05.200Z core            	File "main.py", line 1
    2025-11-29T14:02:05.240Z data-step       the feature compatibility version is 5.0
    2025-11-29T14:02:05.280Z ui              GET / 200
    "#);
    let colours =
        |container| LogLine { time: timestamp_in_milliseconds(0), container, task: "", message: "x" }.text(&containers);
    assert_eq!(colours("core"), "\u{1b}[2m1970-01-01T00:00:00.000Z\u{1b}[0m \u{1b}[36mcore           \u{1b}[0m x\n");
    assert!(colours("ui").contains("\u{1b}[35m"));
}
