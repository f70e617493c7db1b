//! The committed completions are those that the program makes: `UPDATE_GOLDEN=1` writes them anew.

#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

use std::path::Path;
use why403::cli::completions::generate;
use why403::cli::init::Shell;

#[test]
fn the_committed_completions_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, name) in [(Shell::Bash, "why403.bash"), (Shell::Zsh, "_why403"), (Shell::Fish, "why403.fish")] {
        let made = generate(shell);
        let path = folder.join(name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == made, "{name} differs from what the program makes; UPDATE_GOLDEN=1 writes it anew");
    }
}
