//! No input makes the reader or the renderer fail.

use proptest::prelude::*;

use crate::config::examine;

const EXAMPLE: &str = include_str!("../../../plans/new-vpc.toml");

/// Values of every type and many shapes, to stand where they do not belong.
const STRAY: &[&str] = &[
    "1",
    "-1",
    "99999999999999999999",
    "0x10",
    "1.5",
    "nan",
    "true",
    "1979-05-27",
    "\"\"",
    "\"ä€😀\"",
    "'\\'",
    "[]",
    "[[]]",
    "[1, \"a\"]",
    "{}",
    "{ a = 1 }",
    "[{}]",
    "[{ protocol = \"tcp\" }]",
    "[\"0.0.0.0/0\", \"0.0.0.0/0\"]",
    "\"10.0.0.0/33\"",
    "\"::/0\"",
    "\"255.255.255.255/16\"",
    "\"10.0.0.0/28\"",
    "\"\\u0000\\u001b[31m\"",
    "\"\"\"\n\"\"\"",
];

fn survives(text: &str) {
    let examined = examine("plan.toml", text, Some("us-east-1".parse().unwrap()));
    assert_eq!(examined.plan.is_none(), examined.problems.has_errors());
    for color in [false, true] {
        let rendered = examined.problems.render(color);
        assert_eq!(rendered.is_empty(), examined.problems.is_empty());
    }
    for problem in &examined.problems {
        let (line, column) = examined.problems.position(problem);
        assert!(line >= 1 && column >= 1 && line <= text.matches('\n').count() + 1);
    }
}

/// The example with every key in force.
fn complete() -> Vec<String> {
    let strip = |line: &str| line.strip_prefix("#+ ").or_else(|| line.strip_prefix("# ")).unwrap_or(line).to_owned();
    EXAMPLE.lines().filter(|line| line.contains(" = ") || line.starts_with('[')).map(strip).collect()
}

proptest! {
    #[test]
    fn arbitrary_text(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn text_that_resembles_toml(text in "([a-z_]{1,8} ?= ?[\"'\\[{0-9a-z.,/\\]} ]{0,12}\n\
     |\\[{1,2}[a-z.]{0,9}\\]{0,2}\n){0,9}") {
        survives(&text);
    }

    #[test]
    fn the_example_with_a_stray_value(line in 0..200usize, stray in 0..STRAY.len()) {
        let mut lines = complete();
        let index = line % lines.len();
        if let Some((key, _)) = lines[index].clone().split_once(" = ") {
            lines[index] = format!("{key} = {}", STRAY[stray]);
        }
        // The key may stand there twice, as default and as example: the second is taken out.
        let mut seen = std::collections::BTreeSet::new();
        let mut table = String::new();
        lines.retain(|line| {
            if line.starts_with('[') {
                table.clone_from(line);
            }
            seen.insert(format!("{table} {}", line.split(" = ").next().unwrap_or_default()))
        });
        survives(&lines.join("\n"));
    }

    #[test]
    fn the_example_with_bytes_replaced(at in any::<prop::sample::Index>(), length in 0..9usize, by in any::<String>()) {
        let start = EXAMPLE.floor_char_boundary(at.index(EXAMPLE.len()));
        let end = EXAMPLE.ceil_char_boundary((start + length).min(EXAMPLE.len()));
        survives(&format!("{}{by}{}", &EXAMPLE[..start], &EXAMPLE[end..]));
    }
}

#[test]
fn deep_nesting() {
    survives(&format!("name = {}", "[".repeat(20_000)));
    survives(&format!("name = {}1{}", "{a=".repeat(20_000), "}".repeat(20_000)));
}
