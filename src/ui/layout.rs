//! Lines laid out for a terminal: wrapped between words, each under the column that it continues.
//!
//! The other files of this room write lines of any length and mark what must not be wrapped. Whoever writes to a stream
//! knows its width and calls [`fit`]; a pipe has none, so scripts get one line for each thing.

use std::io::IsTerminal;

use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

use super::style::{FAINT, paint, plain};

/// Begins a line that people copy, such as a command. No mark can come from outside: see [`super::text::clean`].
pub const VERBATIM: char = '\u{1d}';
/// Begins the head of a table.
pub const HEAD: char = '\u{1e}';
/// Stands between the cells of a table.
pub const CELL: char = '\u{1f}';

/// The fewest columns in which text is wrapped below where it began.
const NARROWEST: usize = 24;
/// The width of a terminal that does not say how wide it is.
const USUAL: usize = 80;

/// The width of a stream, in columns; `None` if it is no terminal.
pub fn width(stream: &impl IsTerminal) -> Option<usize> {
    let measured = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0);
    stream.is_terminal().then(|| measured().unwrap_or(USUAL).max(2 * NARROWEST))
}

/// The text laid out, without marks.
pub fn fit(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return text.replace([VERBATIM, HEAD, CELL], "") };
    let lines: Vec<&str> = text.split('\n').collect();
    let mut shown: Vec<String> = Vec::new();
    // Of the table that is too wide for columns.
    let mut titles = None;
    for (index, line) in lines.iter().enumerate() {
        if line.starts_with(HEAD) {
            titles = (!fits(&lines[index..], width)).then(|| cells(line));
            if titles.is_some() {
                continue;
            }
        }
        match &titles {
            Some(titles) if line.contains(CELL) => shown.extend(record(titles, line, width)),
            _ => shown.push(wrap(line, width)),
        }
    }
    shown.join("\n")
}

/// One line cut to a width.
pub fn cut(line: &str, width: usize) -> String {
    if display_width(line) <= width {
        return line.to_owned();
    }
    let first = textwrap::wrap(line, options(width.saturating_sub(2))).into_iter().next().unwrap_or_default();
    format!("{first}{} …", anstyle::Reset)
}

fn options<'a>(width: usize) -> Options<'a> {
    Options::new(width)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
}

fn wrap(line: &str, width: usize) -> String {
    if let Some(line) = line.strip_prefix(VERBATIM) {
        return line.to_owned();
    }
    let line = line.replace([HEAD, CELL], "");
    let text = line.trim_start();
    if display_width(&line) <= width || text.is_empty() {
        return line;
    }
    let (indent, below) = (&line[..line.len() - text.len()], " ".repeat(column(&plain(&line), width)));
    let wrapped = textwrap::fill(text, options(width).initial_indent(indent).subsequent_indent(&below));
    // A prompt ends with a space, which wrapping takes away.
    format!("{wrapped}{}", &line[line.trim_end().len()..])
}

/// Where a line goes on: below the last of its columns that leaves enough room, or a little further in than it began.
fn column(line: &str, width: usize) -> usize {
    let indent = line.len() - line.trim_start().len() + 2;
    let longest = line.split(' ').map(display_width).max().unwrap_or_default();
    let columns =
        line.match_indices("  ").map(|(at, _)| at + 2 + line[at + 2..].chars().take_while(|c| *c == ' ').count());
    let columns = columns.filter(|at| *at >= indent).map(|at| display_width(&line[..at]));
    columns.filter(|at| at + longest.max(NARROWEST) <= width).last().unwrap_or(indent)
}

fn cells(line: &str) -> Vec<String> {
    line.trim_start_matches(HEAD).split(CELL).map(|cell| plain(cell).trim().to_owned()).collect()
}

/// Whether the table that these lines begin with can keep its columns: what is too long may be wrapped in the last one.
fn fits(lines: &[&str], width: usize) -> bool {
    let mut rows = lines[1..].iter().take_while(|line| !line.starts_with(HEAD)).filter(|line| line.contains(CELL));
    rows.all(|row| {
        let start = row.rsplit_once(CELL).map_or(0, |(before, _)| display_width(&plain(before)));
        display_width(&plain(row)) <= width || start + NARROWEST <= width
    })
}

/// A row as a block of its own, a line for each cell that says something.
fn record(titles: &[String], row: &str, width: usize) -> Vec<String> {
    let broad = titles.iter().map(|title| display_width(title)).max().unwrap_or_default();
    let filled = titles.iter().zip(row.split(CELL)).filter(|(_, cell)| !plain(cell).trim().is_empty());
    let line = |(title, cell): (&String, &str)| {
        wrap(&format!("{}  {}", paint(FAINT, format_args!("{title:<broad$}")), cell.trim()), width)
    };
    filled.map(line).chain([String::new()]).collect()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::ui::style::{DANGER, GOOD};
    use crate::ui::table::{Cell, lines};

    #[test]
    fn words_stay_whole_and_continue_in_their_column() {
        let text = "warning[release/support]: release 5.0.0 is no longer supported by its vendor since 2026-01-31\n\
                    \x20 + create     role/execution                   grants what the next task needs as well\n\
                    \x20     arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/ce and more\n";
        assert_snapshot!(fit(text, Some(60)), @r"
        warning[release/support]: release 5.0.0 is no longer
          supported by its vendor since 2026-01-31
          + create     role/execution                   grants what
                       the next task needs as well
              arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/ce
                and more
        ");
        assert_eq!(fit(text, None), text);
    }

    #[test]
    fn commands_are_not_wrapped_and_prompts_keep_their_space() {
        let command = format!("{VERBATIM}      {}", "aws ssm start-session ".repeat(8));
        assert_eq!(fit(&command, Some(60)), command.trim_start_matches(VERBATIM));
        assert_eq!(fit(&command, None), command.trim_start_matches(VERBATIM));
        assert!(fit(&format!("{}: ", "type the name ".repeat(8)), Some(60)).ends_with(": "));
    }

    #[test]
    fn colours_take_no_room() {
        let line = format!("{}: {}", paint(DANGER, "refused[a/b]"), paint(GOOD, "x".repeat(46)));
        assert_eq!(fit(&line, Some(60)), line);
        assert_eq!(plain(&cut(&line, 60)), plain(&line));
        assert_eq!(plain(&cut(&format!("{line} more"), 60)), "refused[a/b]: …");
    }

    #[test]
    fn a_table_that_is_too_wide_is_shown_row_by_row() {
        let row = |id: &str, vault: &str| {
            ["2026-11-22 04:05", "", vault, "1a2b", id].map(|text| Cell::from(text.to_owned())).to_vec()
        };
        let head = ["created", "size", "vault", "made for", "recovery point"];
        let table = lines(&head, &[row("0001", "ce-prod"), row("0002", "aws/efs/automatic-backup-vault")]).join("\n");
        let text = format!("Backups\n\n{table}\n");
        assert_snapshot!(plain(&fit(&text, Some(100))), @r"
        Backups

        CREATED           SIZE  VAULT                           MADE FOR  RECOVERY POINT
        2026-11-22 04:05        ce-prod                         1a2b      0001
        2026-11-22 04:05        aws/efs/automatic-backup-vault  1a2b      0002
        ");
        assert_snapshot!(plain(&fit(&text, Some(60))), @r"
        Backups

        CREATED         2026-11-22 04:05
        VAULT           ce-prod
        MADE FOR        1a2b
        RECOVERY POINT  0001

        CREATED         2026-11-22 04:05
        VAULT           aws/efs/automatic-backup-vault
        MADE FOR        1a2b
        RECOVERY POINT  0002
        ");
    }
}
