//! Which file of `src/` uses which: the paths in the code, resolved to files.

use std::collections::{BTreeMap, BTreeSet};

/// The source files by module path: `engine::run` is in `engine/run.rs`.
pub struct Sources {
    files: BTreeMap<Vec<String>, Source>,
}

struct Source {
    name: String,
    /// Every path that the code names: `["crate", "engine", "plan", "Step"]`.
    paths: BTreeSet<Vec<String>>,
    /// What the file imports by which name, so that a re-export leads to where it comes from.
    imports: BTreeMap<String, Vec<String>>,
}

impl Sources {
    /// From file names relative to `src/` and their texts.
    pub fn new(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let files = texts.into_iter().map(|(name, text)| {
            let stem = name.trim_end_matches(".rs").trim_end_matches("/mod");
            let module = stem.split('/').map(str::to_owned).collect();
            let tokens = tokens(without_tests(&text));
            let mut source = Source { name, paths: BTreeSet::new(), imports: BTreeMap::new() };
            source.read(&tokens);
            (module, source)
        });
        Self { files: files.collect() }
    }

    /// The files that each file uses, but for its own parent module and itself.
    pub fn edges(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let of_each = self.files.iter().map(|(module, source)| {
            let parent = &module[..module.len() - 1];
            let used = source.paths.iter().filter_map(|path| self.file_of(module, path, 0));
            let used = used.filter(|used| *used != module && *used != parent);
            (source.name.as_str(), used.filter_map(|used| self.files.get(used)).map(|s| s.name.as_str()).collect())
        });
        of_each.collect()
    }

    /// The module whose file holds what `path` names in the file of `module`.
    fn file_of(&self, module: &[String], path: &[String], depth: usize) -> Option<&Vec<String>> {
        let (first, mut rest) = path.split_first()?;
        let mut full: Vec<String> = match first.as_str() {
            "crate" => Vec::new(),
            "self" => module.to_vec(),
            "super" => module[..module.len() - 1].to_vec(),
            child => [module, &[child.to_owned()]].concat(),
        };
        while let Some((next, after)) = rest.split_first().filter(|(next, _)| *next == "super") {
            debug_assert_eq!(next, "super");
            full.pop();
            rest = after;
        }
        full.extend_from_slice(rest);
        let cut = (1..=full.len()).rev().find(|length| self.files.contains_key(&full[..*length]))?;
        let (found, source) = self.files.get_key_value(&full[..cut])?;
        let imported = full.get(cut).and_then(|name| source.imports.get(name)).filter(|_| depth < 8);
        imported.and_then(|path| self.file_of(found, path, depth + 1)).or(Some(found))
    }
}

impl Source {
    fn read(&mut self, tokens: &[String]) {
        let mut at = 0;
        while at < tokens.len() {
            let is_use = tokens[at] == "use";
            let start = if is_use { at + 1 } else { at };
            let is_path = is_word(tokens.get(start)) && (is_use || tokens.get(start + 1).is_some_and(|t| t == "::"));
            if !is_path {
                at += 1;
                continue;
            }
            let mut found = Vec::new();
            at = tree(tokens, start, &[], &mut found).max(start + 1);
            for (path, name) in found {
                if is_use {
                    self.imports.insert(name, path.clone());
                }
                self.paths.insert(path);
            }
        }
    }
}

/// Reads one path with its lists: `a::{b, c::d as e}`. Gives the paths with the names they go by, and where it ends.
fn tree(tokens: &[String], mut at: usize, before: &[String], found: &mut Vec<(Vec<String>, String)>) -> usize {
    let mut path = before.to_vec();
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    at = if tokens[at] == "," { at + 1 } else { tree(tokens, at, &path, found).max(at + 1) };
                }
                return at + 1;
            }
            Some("*") => {
                found.push((path, "*".to_owned()));
                return at + 1;
            }
            Some(_) if is_word(tokens.get(at)) => path.push(tokens[at].clone()),
            _ => break,
        }
        at += 1;
        if tokens.get(at).is_none_or(|token| token != "::") {
            break;
        }
        at += 1;
    }
    let mut name = path.last().cloned().unwrap_or_default();
    if name == "self" && path.len() > 1 {
        path.pop();
        name = path.last().cloned().unwrap_or_default();
    }
    if tokens.get(at).is_some_and(|token| token == "as") {
        name = tokens.get(at + 1).cloned().unwrap_or_default();
        at += 2;
    }
    found.push((path, name));
    at
}

fn is_word(token: Option<&String>) -> bool {
    token.is_some_and(|token| token.starts_with(|c: char| c.is_alphabetic() || c == '_'))
}

/// Unit tests stand at the end of a file.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

/// Words, `::` and single characters; no comments, and no contents of strings.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(length) = string_length(rest) {
            length
        } else if first.is_alphanumeric() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(rest[..length].to_owned());
            length
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of the string or character literal that `text` begins with.
fn string_length(text: &str) -> Option<usize> {
    if let Some(length) = raw_string_length(text) {
        return Some(length);
    }
    if let Some(inside) = text.strip_prefix('\'') {
        // `'a'` and `'\n'`, but not the lifetime `'a`.
        let escape = inside.starts_with('\\').then(|| inside[1..].find('\'').map(|end| end + 3));
        let plain =
            || inside.chars().next().filter(|c| inside[c.len_utf8()..].starts_with('\'')).map(|c| c.len_utf8() + 2);
        return escape.flatten().or_else(plain);
    }
    let inside = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = inside.char_indices().find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    Some(end.map_or(text.len(), |(at, _)| at + 2))
}

/// The length of the raw string that `text` begins with: `r#"…"#`.
pub fn raw_string_length(text: &str) -> Option<usize> {
    let hashes = text.strip_prefix('r')?;
    let count = hashes.len() - hashes.trim_start_matches('#').len();
    let inside = hashes[count..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(count));
    let end = inside.find(&close).map_or(inside.len(), |at| at + close.len());
    Some(text.len() - inside.len() + end)
}

/// Groups of files that use each other in a circle.
pub fn circles<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<BTreeSet<&'a str>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> = edges.keys().map(|file| (*file, reachable(edges, file))).collect();
    let reaches = |from: &str, to: &str| reach.get(from).is_some_and(|all| all.contains(to));
    let mut found: Vec<BTreeSet<&str>> = Vec::new();
    for file in edges.keys().filter(|file| reaches(file, file)) {
        if found.iter().all(|circle| !circle.contains(file)) {
            found.push(edges.keys().copied().filter(|other| reaches(file, other) && reaches(other, file)).collect());
        }
    }
    found
}

fn reachable<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = vec![from];
    while let Some(next) = open.pop() {
        open.extend(edges.get(next).into_iter().flatten().filter(|used| found.insert(**used)));
    }
    found
}
