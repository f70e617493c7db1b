//! `why403 off` and `why403 on`, where no shell has taken them: they are for one shell, and no program can change the shell
//! that runs it. So all that is left is to say what does it.

use super::{direct, exit};
use crate::world::{Surroundings, World, is_no};
use std::path::Path;

/// Says what to type instead.
pub fn run(on: bool) -> u8 {
    let world = World::real();
    let shell = world.var("SHELL").and_then(|shell| Path::new(shell).file_name()?.to_str()).unwrap_or_default();
    direct::say(&instead(on, shell, world.variable("WHY403").is_some_and(|value| is_no(&value))));
    exit::USAGE
}

fn instead(on: bool, shell: &str, is_off: bool) -> String {
    let (word, variable) = match (on, shell) {
        (true, "fish") => ("on", "set -e WHY403"),
        (true, _) => ("on", "unset WHY403"),
        (false, "fish") => ("off", "set -gx WHY403 off"),
        (false, _) => ("off", "export WHY403=off"),
    };
    let hook = match shell {
        "fish" => "why403 init fish | source".to_owned(),
        "zsh" => "eval \"$(why403 init zsh)\"".to_owned(),
        _ => "eval \"$(why403 init bash)\"".to_owned(),
    };
    let rest = match (on, is_off) {
        (true, false) => "nothing is switched off here".to_owned(),
        _ => format!("without it: `{variable}`"),
    };
    format!("`why403 {word}` is for a shell that has run `{hook}`; {rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_type_is_in_the_shells_own_words() {
        assert_eq!(
            instead(false, "zsh", false),
            "`why403 off` is for a shell that has run `eval \"$(why403 init zsh)\"`; without it: `export WHY403=off`"
        );
        assert_eq!(
            instead(true, "fish", true),
            "`why403 on` is for a shell that has run `why403 init fish | source`; without it: `set -e WHY403`"
        );
        assert!(instead(true, "bash", false).ends_with("; nothing is switched off here"));
        assert!(instead(false, "", false).contains("why403 init bash"));
    }
}
