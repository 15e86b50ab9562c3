//! Between the SDK's types, in which everything is optional and every number signed, and ours.

/// A text in an answer; empty where AWS leaves it out.
pub fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

/// A number in an answer; zero where AWS leaves it out.
pub fn number<T: TryFrom<i32> + Default>(number: Option<i32>) -> T {
    number.and_then(|number| number.try_into().ok()).unwrap_or_default()
}

/// A number in a call. AWS's limits are far below the largest.
pub fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
