//! A panic in why403 is a fault of ours: one line, with the place and nothing else. Its message could hold anything that
//! was being worked on, a secret included, so it is not shown.

use std::panic::Location;
use std::sync::OnceLock;

static FIRST: OnceLock<String> = OnceLock::new();

/// From now on a panic prints nothing by itself; its place is kept for [`say`].
pub(super) fn keep_quiet() {
    std::panic::set_hook(Box::new(|panic| {
        if let Some(location) = panic.location() {
            // Only the first is kept: what follows is often its consequence.
            let _later = FIRST.set(place(location));
        }
    }));
}

/// Says the one line.
pub(super) fn say() {
    let place = FIRST.get().map_or("an unknown place", String::as_str);
    super::say(&format_args!(
        "nothing is explained, because of a fault in why403 itself at {place}; `aws`'s result stands"
    ));
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
