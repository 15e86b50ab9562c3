//! A release file in the making: the text of the older one, edited in place, so that its comments stay.

use std::collections::BTreeMap;

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};
use time::Date;
use toml_edit::{Decor, DocumentMut, Item, Table, TableLike, Value};

use crate::release::{Image, Release, Version};

/// Columns of a comment.
const WIDTH: usize = 118;

/// A release file that is not finished.
pub(super) struct Draft {
    document: DocumentMut,
    checks: usize,
    /// Comments for the end of the file.
    end: String,
}

impl Draft {
    /// Of the text of a release file.
    pub fn new(text: &str) -> Result<Self, String> {
        let document = text.parse::<DocumentMut>().map_err(|error| error.message().to_owned())?;
        Ok(Self { document, checks: 0, end: String::new() })
    }

    /// What the file says of the release as a whole.
    pub fn head(&mut self, name: &str, version: Version, like: &Release, released: Date) {
        let is_same = version == like.version;
        let table = self.document.as_table_mut();
        for key in ["end_of_life", "data_steps", "undeployable"] {
            table.remove(key);
        }
        set(table, "version", version.to_string().into());
        let day = format!("{released}").parse::<toml_edit::Datetime>();
        if let Ok(day) = day {
            set(table, "released", day.into());
        }
        set(table, "label", "experimental".into());
        let before = if is_same { like.predecessors.clone() } else { vec![like.version] };
        let before: toml_edit::Array =
            before.iter().filter(|before| **before < version).map(ToString::to_string).collect();
        set(table, "predecessors", before.into());
        let text = format!(
            "Cloud Exchange {version}: a draft, made by `ce-aws releases import` from {name} on the basis of {}, \
             whose comments are kept. Nobody has tried it. The vendor's other files (setup, data/**) were not \
             considered: compare them with those of the release before.",
            like.version
        );
        let next = "Decide on every line with CHECK, remove it, and see with `ce-aws releases --catalog` whether the \
                    file is accepted. \
                    `end_of_life = YYYY-MM-DD` is the end of the vendor's support, once that is known.";
        let head = format!("{}#\n{}\n", comment("", &text), comment("", next));
        if let Some(mut key) = table.key_mut("version") {
            key.leaf_decor_mut().set_prefix(head);
        }
    }

    /// Another image for every container that has this one.
    pub fn image(&mut self, old: &Image, new: &Image) {
        let containers = self.document.get_mut("containers").and_then(Item::as_array_of_tables_mut);
        for container in containers.into_iter().flat_map(|containers| containers.iter_mut()) {
            if container.get("image").and_then(Item::as_str) == Some(old.as_str()) {
                set(container, "image", new.as_str().into());
            }
        }
    }

    /// A plain environment variable of a container, with a comment where there is something to say.
    pub fn variable(&mut self, container: &str, name: &str, value: &str, note: Option<&str>) {
        let Some(environment) = self.environment(container) else { return };
        set(environment, name, value.into());
        if let (Some(note), Some(mut key)) = (note, environment.key_mut(name)) {
            prepend(key.leaf_decor_mut(), &comment("", note));
        }
    }

    /// A remark about a key of a container.
    pub fn note(&mut self, container: &str, key: &str, text: &str) {
        self.before(container, key, &comment("", text));
    }

    /// A decision about a key of a container.
    pub fn check(&mut self, container: &str, key: &str, text: &str) {
        let text = self.decision(text);
        self.before(container, key, &text);
    }

    /// A decision about something that has no place in the file yet, with lines as they stand.
    pub fn check_at_end(&mut self, text: &str, lines: &[String]) {
        let text = self.decision(text);
        self.end.push('\n');
        self.end.push_str(&text);
        for line in lines {
            self.end.push_str(format!("#   {}", printable(line)).trim_end());
            self.end.push('\n');
        }
    }

    /// The text, and how many decisions it asks for.
    pub fn finish(mut self) -> (String, usize) {
        if !self.end.is_empty() {
            let ruler = format!("\n# --- to decide {}\n", "-".repeat(85));
            self.document.set_trailing(format!("{ruler}{}", self.end));
        }
        (self.document.to_string(), self.checks)
    }

    fn decision(&mut self, text: &str) -> String {
        self.checks += 1;
        comment("CHECK: ", text)
    }

    /// Before a key of a container; before its image where it has no such key.
    fn before(&mut self, container: &str, key: &str, text: &str) {
        let Some(table) = self.container(container) else { return };
        let key = if table.contains_key(key) { key } else { "image" };
        if let Some(Item::Table(inner)) = table.get_mut(key) {
            prepend(inner.decor_mut(), text);
        } else if let Some(mut key) = table.key_mut(key) {
            prepend(key.leaf_decor_mut(), text);
        }
    }

    fn container(&mut self, name: &str) -> Option<&mut Table> {
        let containers = self.document.get_mut("containers")?.as_array_of_tables_mut()?;
        containers.iter_mut().find(|table| table.get("name").and_then(Item::as_str) == Some(name))
    }

    fn environment(&mut self, container: &str) -> Option<&mut dyn TableLike> {
        self.container(container)?.get_mut("environment")?.as_table_like_mut()
    }
}

/// Another value, with the spaces and comments of the former one.
fn set(table: &mut (impl TableLike + ?Sized), key: &str, mut value: Value) {
    let former = table.get(key).and_then(Item::as_value).map(|former| former.decor().clone());
    *value.decor_mut() = former.unwrap_or_default();
    match table.get_mut(key) {
        Some(item) => *item = Item::Value(value),
        None => drop(table.insert(key, Item::Value(value))),
    }
}

/// Puts lines directly before what they are about, below what stands there.
fn prepend(decor: &mut Decor, text: &str) {
    let former = decor.prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
    decor.set_prefix(format!("{former}{text}"));
}

/// A comment in lines of a readable length, each ended.
fn comment(mark: &str, text: &str) -> String {
    let first = format!("# {mark}");
    let options = Options::new(WIDTH)
        .initial_indent(&first)
        .subsequent_indent(if mark.is_empty() { "# " } else { "#   " })
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    let words = printable(text).split_whitespace().collect::<Vec<_>>().join(" ");
    textwrap::fill(&words, options) + "\n"
}

/// Without what a terminal would act on, and what TOML forbids in comments.
pub(super) fn printable(text: &str) -> String {
    let bad = |character: char| character.is_control() || ('\u{202a}'..='\u{202e}').contains(&character);
    text.chars().map(|character| if bad(character) { ' ' } else { character }).collect()
}

/// Images that are replaced: what the older release had, and what this one has, by service.
pub(super) fn changed<'a>(
    like: &'a Release,
    images: &'a BTreeMap<String, Image>,
) -> Vec<(&'a str, &'a Image, &'a Image)> {
    let pairs = images.iter().filter_map(|(name, new)| Some((name.as_str(), &like.container(name)?.image, new)));
    pairs.filter(|(_, old, new)| old != new).collect()
}
