//! Text in columns.

use anstyle::Style;

use super::layout::{CELL, HEAD};
use super::style::{FAINT, paint};
use super::text::clean;

/// One cell; whatever it says is made safe to print.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    pub style: Style,
}

impl Cell {
    pub fn styled(style: Style, text: impl Into<String>) -> Self {
        Self { text: text.into(), style }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(Style::new(), text)
    }
}

/// The head and the rows, each line ended.
pub fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> String {
    lines(head, &rows.into_iter().collect::<Vec<_>>()).join("\n") + "\n"
}

/// The same as lines without newlines, each column as wide as its widest cell.
pub fn lines(head: &[&str], rows: &[Vec<Cell>]) -> Vec<String> {
    let head: Vec<Cell> = head.iter().map(|title| Cell::styled(FAINT, title.to_uppercase())).collect();
    let all = || std::iter::once(&head).chain(rows);
    let width = |column: usize| all().filter_map(|row| row.get(column)).map(shown_width).max().unwrap_or_default();
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut lines: Vec<String> = all().map(|row| line(row, &widths)).collect();
    lines[0].insert(0, HEAD);
    lines
}

fn shown_width(cell: &Cell) -> usize {
    clean(&cell.text).chars().count()
}

fn line(row: &[Cell], widths: &[usize]) -> String {
    let used = row.iter().rposition(|cell| !cell.text.is_empty()).map_or(0, |last| last + 1);
    let mut line = String::new();
    for (index, (cell, width)) in row[..used].iter().zip(widths).enumerate() {
        let text = clean(&cell.text);
        let gap = width - text.chars().count() + 2;
        line.push_str(&paint(cell.style, text));
        if index + 1 < used {
            line.extend(std::iter::repeat_n(' ', gap).chain([CELL]));
        }
    }
    line
}
