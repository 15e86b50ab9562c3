//! Sweeps: many cases, each in an account of its own, a few at once.

use std::any::Any;
use std::fmt::Display;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many cases at once: each is mostly waiting.
const AT_ONCE: usize = 3;

/// What `CE_AWS_SWEEP` asks for: nothing, `sample`, `full`, or some words of the cases.
pub fn wanted() -> Option<String> {
    std::env::var("CE_AWS_SWEEP").ok()
}

/// Tries all cases, printing each result as it comes; the results are in the cases' order.
pub fn each<C: Sync, R: Display + Send>(cases: &[C], run: impl Fn(&C) -> R + Sync) -> Vec<R> {
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let Some(case) = cases.get(number) else { break };
                    let row = run(case);
                    println!("{row}");
                    rows.lock().expect("no panic holds it").push((number, row));
                }
            });
        }
    });
    let mut rows = rows.into_inner().expect("no panic holds it");
    rows.sort_by_key(|(number, _)| *number);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// What a panic says.
pub fn complaint(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "a panic without a text".to_owned())
}
