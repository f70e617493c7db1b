//! A panic in why403 is a fault of ours: one line, with the place and nothing else. Its message could hold anything that
//! was being worked on, a secret included, so it is not shown.

use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// Where the first panic was that nobody has spoken of yet. What follows it is often its consequence.
static PLACE: Mutex<Option<String>> = Mutex::new(None);

/// From now on a panic prints nothing by itself; its place is kept for [`say`].
pub(crate) fn keep_quiet() {
    std::panic::set_hook(Box::new(|panic| {
        if let Some(location) = panic.location() {
            PLACE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| place(location));
        }
    }));
}

/// Does something that must not cost more than itself; nothing where it broke.
pub(crate) fn contain<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Says the one line.
pub(super) fn say() {
    super::say(&format_args!("nothing is explained, because of {}; `aws`'s result stands", fault()));
}

/// What is to be said of a fault, in words that follow "because of".
pub(crate) fn fault() -> String {
    let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).take();
    format!("a fault in why403 itself at {}", place.as_deref().unwrap_or("an unknown place"))
}

/// File and line, without the directories of the machine that built this.
fn place(location: &Location<'_>) -> String {
    let file = location.file();
    let short = match file.rfind("/src/") {
        Some(at) => file[..at].rfind('/').map_or(file, |start| &file[start + 1..]),
        None => file,
    };
    format!("{short}:{}", location.line())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_ours_to_read() {
        let place = place(Location::caller());
        assert!(place.contains("panics.rs:"), "{place}");
        assert!(!place.starts_with('/'), "{place}");
    }
}
