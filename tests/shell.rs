//! What `why403 init` prints and the files of `shell/`, in the real bash, zsh and fish.
#![expect(clippy::disallowed_methods, reason = "a whole-program test is outside, with files and processes of its own")]

#[path = "support/shells.rs"]
mod shells;
#[path = "support/tools.rs"]
mod tools;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use shells::{SHELLS, Shell, Stage, all_here, text};
use tools::require;

/// What is the same in bash and zsh, and differs in fish.
fn by(shell: Shell, sh: &str, fish: &str) -> String {
    if shell == Shell::Fish { fish.to_owned() } else { sh.to_owned() }
}

// The files

#[test]
fn the_files_are_as_their_linters_want_them() {
    if !require(&["shellcheck", "shfmt", "zsh", "fish", "fish_indent"]) {
        return;
    }
    let (bash, zsh, fish) = (Shell::Bash.file(), Shell::Zsh.file(), Shell::Fish.file());
    for (tool, options, file) in [
        ("bash", vec!["--posix", "-n"], &bash),
        ("shellcheck", vec!["--enable=all"], &bash),
        ("shfmt", vec!["-i", "4", "-d"], &bash),
        ("zsh", vec!["-n"], &zsh),
        ("fish", vec!["--no-execute"], &fish),
        ("fish_indent", vec!["--check"], &fish),
    ] {
        let output = Command::new(tool).args(options).arg(file).output().expect("it runs");
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{tool}: {said}");
    }
}

#[test]
fn every_name_that_the_files_leave_behind_has_the_prefix() {
    if !all_here() {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        let names = match shell {
            Shell::Bash => "compgen -v; compgen -A function || true",
            Shell::Zsh => "print -l ${(k)parameters} ${(k)functions}",
            Shell::Fish => "set -n; functions -a",
        };
        let before = stage.fine(shell, names);
        let after = stage.fine(shell, &format!("{}\n{names}", shell.init("")));
        let is_ours = |name: &&str| name.starts_with("__why403_") || ["aws", "why403"].contains(name);
        // What the shells themselves set by running anything.
        let is_theirs = |name: &&str| ["_", "PIPESTATUS", "pipestatus", "REPLY"].contains(name);
        let new = after.lines().filter(|name| !before.lines().any(|known| known == *name) && !is_theirs(name));
        let strange: Vec<&str> = new.filter(|name| !is_ours(name)).collect();
        assert!(after.contains("__why403_aws") && strange.is_empty(), "{shell:?}: {strange:?}");
    }
}

// Reading them

/// Every option, as `why403 init` takes it.
const OPTIONS: &[&str] = &["", "--cmd aws", "--cmd w", "--key alt-w", "--key ctrl-g", "--cmd _why-aws.2 --key '\\ew'"];

#[test]
fn every_option_is_read_in_silence_under_strict_flags() {
    if !all_here() {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        for options in OPTIONS {
            let script = format!("{0}\n{0}", shell.init(options));
            assert_eq!(stage.fine(shell, &script), "", "{shell:?} {options}");
        }
        assert_eq!(stage.fine(shell, &format!("{0}\n{0}", shell.source())), "", "{shell:?}");
        stage.rename("bin/why403", "away/why403");
        assert_eq!(stage.fine(shell, &shell.source()), "", "{shell:?} without the program");
        stage.rename("bin/aws", "away/aws");
        assert_eq!(stage.fine(shell, &shell.source()), "", "{shell:?} without aws");
    }
}

#[test]
fn every_option_is_read_in_silence_in_an_interactive_shell() {
    if !all_here() || !require(&["tmux"]) {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        let sourced = format!("WHY403_KEY=alt-w; {}", shell.source());
        let with_variable = by(shell, &sourced, &format!("set -x WHY403_KEY alt-w; {}", shell.source()));
        let scripts = OPTIONS.iter().map(|options| shell.init(options)).chain([shell.source(), with_variable]);
        for script in scripts {
            let twice = format!("{script}\n{script}\necho interactive >&3");
            fs::write(stage.path("script"), twice).expect("written");
            let words = shell.strict().join(" ");
            let script = by(shell, "$(cat script)", "$(cat script)");
            let line = format!("{words} -i -c \"{script}\" >out 2>err 3>end; echo $? >>end");
            let screen = stage.terminal(&["sh".to_owned(), "-c".to_owned(), format!("{line}; sleep 1000")]);
            let ended = || fs::read_to_string(stage.path("end")).unwrap_or_default();
            screen.wait_until("the end", |_| ended().lines().count() > 1 || ended().starts_with(char::is_numeric));
            assert_eq!(stage.take("end"), "interactive\n0\n", "{shell:?} {}", stage.take("err"));
            assert_eq!((stage.take("out"), stage.take("err")), (String::new(), String::new()), "{shell:?} {script}");
        }
    }
}

#[test]
fn reading_them_twice_changes_nothing() {
    if !all_here() || !require(&["tmux"]) {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        let state = match shell {
            Shell::Bash => {
                "declare -f; complete -p; bind -X; set -o; shopt\n\
                 for name in ${!__why403_*}; do declare -p \"$name\"; done"
            }
            Shell::Zsh => {
                "functions; setopt; bindkey; typeset -m '__why403_*'\n\
                 print -l -- ${(kv)_comps[(I)aws*]} $precmd_functions"
            }
            Shell::Fish => {
                "functions (functions -a | string match -r '^aws$|why403.*'); complete -c aws; bind\n\
                 set | string match '__why403*'"
            }
        };
        fs::write(stage.path("state"), state).expect("written");
        let once = format!("{}\n{}", completing(shell), shell.init("--key alt-w"));
        let screen = stage.session(shell, &once);
        screen.run("source ./state >once 2>&1", 0);
        screen.run(&shell.init("--key alt-w"), 0);
        screen.run("source ./state >twice 2>&1", 0);
        let (once, twice) = (stage.take("once"), stage.take("twice"));
        assert!(once.contains("__why403_complete") || shell == Shell::Bash && once.contains("complete -C"), "{once}");
        let changed: Vec<_> = once.lines().zip(twice.lines()).filter(|(once, twice)| once != twice).collect();
        assert!(once == twice, "{shell:?}: {changed:#?}");
    }
}

#[test]
fn an_earlier_option_does_not_linger() {
    if !all_here() {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        let script = format!(
            "{}\n{}\n{}",
            shell.init("--key alt-w"),
            shell.init(""),
            by(shell, "echo \"[$__why403_key]\"", "echo \"[$__why403_key]\"")
        );
        assert_eq!(stage.fine(shell, &script), "[]\n", "{shell:?}");
    }
}

// Running aws

#[test]
fn arguments_streams_and_statuses_are_as_bare() {
    if !all_here() {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        let init = shell.init("");
        let arguments = r#"s3 'a b' '' '*' '$HOME' '--explain' 'never' -- '"'"#;
        let expected = "<s3><a b><><*><$HOME><--explain><never><--><\">\n";
        assert_eq!(stage.fine(shell, &format!("{init}\naws {arguments}")), expected, "{shell:?}");
        for status in [0, 1, 2, 126, 127, 130, 252, 254, 255] {
            let output = stage.run(shell, &format!("{init}\naws exit {status}"));
            assert_eq!(output.status.code(), Some(status), "{shell:?}");
        }
        let script = match shell {
            Shell::Bash => "aws exit 3 | aws exit 0 | aws exit 5 || echo ${PIPESTATUS[*]}",
            Shell::Zsh => "aws exit 3 | aws exit 0 | aws exit 5 || echo $pipestatus",
            Shell::Fish => "aws exit 3 | aws exit 0 | aws exit 5; echo $pipestatus",
        };
        assert_eq!(stage.fine(shell, &format!("{init}\n{script}")), "3 0 5\n", "{shell:?}");
        let script = by(shell, "x=$(aws s3 ls); echo \"$x\"", "set x (aws s3 ls); echo $x");
        assert_eq!(stage.fine(shell, &format!("{init}\n{script}")), "<s3><ls>\n", "{shell:?}");
    }
}

#[test]
fn error_traps_and_errexit_see_one_failure_as_of_a_program() {
    if !all_here() {
        return;
    }
    let traps = [
        (
            Shell::Bash,
            "set +e -E; trap 'echo trapped' ERR; AWS exit 3; echo $?; trap - ERR; set -e; AWS exit 4; echo no",
        ),
        (Shell::Zsh, "set +e; trap 'echo trapped' ZERR; AWS exit 3; echo $?; trap - ZERR; set -e; AWS exit 4; echo no"),
        (Shell::Zsh, "f() { setopt local_options err_return; AWS exit 3; echo no }; f || echo $?; AWS exit 4; echo no"),
    ];
    for (shell, script) in traps {
        let stage = Stage::new();
        let run = |word: &str| {
            let output = stage.run(shell, &format!("{}\n{}", shell.init(""), script.replace("AWS", word)));
            (text(&output.stdout), text(&output.stderr), output.status.code())
        };
        let bare = run("command aws");
        assert_eq!(bare.2, Some(4), "{shell:?} {bare:?}");
        assert_eq!(run("aws"), bare, "{shell:?}");
    }
}

#[test]
fn an_alias_or_a_function_of_the_users_does_not_get_lost() {
    if !all_here() {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        let own = by(shell, "aws() { echo mine \"$@\"; }", "function aws; echo mine $argv; end");
        let init = shell.init("");
        assert_eq!(stage.fine(shell, &format!("{own}\n{init}\n{init}\naws s3 ls")), "mine s3 ls\n", "{shell:?}");
        let output = stage.run(shell, &format!("{own}\n{init}\nwhy403 on"));
        let said = "why403: `aws` was a function already, and is left as it was\n";
        assert_eq!((text(&output.stderr).as_str(), output.status.code()), (said, Some(1)), "{shell:?}");
    }
    // An alias of that name stands in front of the function, and must not break its definition.
    for (shell, enable) in [(Shell::Bash, "shopt -s expand_aliases"), (Shell::Zsh, "setopt aliases")] {
        let stage = Stage::new();
        let script = format!(
            "{enable}\nalias aws='aws --profile p' local=no return=no builtin=no command=no why403='why403 x'\n{}\n\
             eval 'aws s3 ls'\nunalias aws\neval 'aws s3 ls'",
            shell.source()
        );
        assert_eq!(stage.fine(shell, &script), "<--profile><p><s3><ls>\n<s3><ls>\n", "{shell:?}");
    }
}

#[test]
fn another_name_leaves_aws_alone() {
    if !all_here() {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        let init = shell.init("--cmd w");
        let script = by(shell, "declare -f aws || echo free", "functions -q aws; or echo free");
        let script = if shell == Shell::Zsh { "(( ${+functions[aws]} )) || echo free".to_owned() } else { script };
        assert_eq!(stage.fine(shell, &format!("{init}\nw s3 ls\n{script}")), "<s3><ls>\nfree\n", "{shell:?}");
    }
}

// Off, on and away

/// A script that says each time whether an explanation came.
const EXPLAINS: &str = "aws s3 cp s3://acme/k . 2>&1 | tr ' ' '\\n' | tr -d '\\r' >told";

fn explains(stage: &Stage, shell: Shell, before: &str) -> bool {
    let always = by(shell, "export WHY403_EXPLAIN=always; set +e; set +o pipefail", "set -x WHY403_EXPLAIN always");
    stage.run(shell, &format!("{}\n{always}\n{before}\n{EXPLAINS}", shell.init("")));
    let told = stage.take("told");
    assert!(told.contains("HeadObject"), "{shell:?} {before}: {told}");
    assert_eq!(stage.take("calls"), "s3 cp s3://acme/k .\n", "{shell:?} {before}");
    told.contains("cause[")
}

#[test]
fn off_and_on_are_for_this_shell() {
    if !all_here() {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        for (before, expected) in [
            ("", true),
            ("why403 off", false),
            ("why403 off; why403 off; why403 on", true),
            ("why403 on", true),
            ("why403 off; source ./again", false),
        ] {
            fs::write(stage.path("again"), shell.init("")).expect("written");
            assert_eq!(explains(&stage, shell, before), expected, "{shell:?} {before}");
        }
        let script = format!("{}\nwhy403 off\n{} | cat", shell.init(""), "env");
        assert!(!stage.fine(shell, &script).contains("off\n"), "{shell:?}: the environment is not touched");
    }
}

#[test]
fn other_words_go_to_the_program() {
    if !all_here() {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        let init = shell.init("");
        let out = stage.fine(shell, &format!("{init}\nwhy403 init {}", shell.name()));
        assert!(out.ends_with(&fs::read_to_string(shell.file()).expect("the file")), "{shell:?}");
        let output = stage.run(shell, &format!("{init}\nwhy403 init nosuchshell"));
        assert_eq!(output.status.code(), Some(2), "{shell:?}");
    }
}

#[test]
fn without_the_program_aws_is_the_real_one() {
    if !all_here() {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        // Once with it, so that the shell's own table has learnt where it is.
        let gone = "why403 init bash >seen; aws s3 ls >>seen; rm calls bin/why403";
        assert!(!explains(&stage, shell, gone), "{shell:?}");
        let output = stage.run(shell, &format!("{}\nwhy403 explain", shell.source()));
        assert_eq!(output.status.code(), Some(127), "{shell:?}");
        assert!(text(&output.stderr).contains("why403"), "{shell:?}: {}", text(&output.stderr));
        for (file, status) in [("bin/aws", 127), ("bin/nothing", 127)] {
            drop(fs::remove_file(stage.path(file)));
            let output = stage.run(shell, &format!("{}\naws s3 ls", shell.source()));
            assert_eq!(output.status.code(), Some(status), "{shell:?}");
        }
    }
}

#[test]
fn an_upgrade_that_moves_the_program_is_followed() {
    if !all_here() {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        fs::create_dir(stage.path("old")).expect("a directory");
        symlink(shells::WHY403, stage.path("old/why403")).expect("a link");
        let init = format!("eval \"$(./old/why403 init {})\"", shell.name());
        let init = by(shell, &init, "./old/why403 init fish | source");
        let script =
            format!("{init}\necho $__why403_bin\nrm old/why403\naws s3 ls\n__why403_locate\necho $__why403_found");
        let home = fs::canonicalize(stage.path("old")).expect("a directory");
        let out = stage.fine(shell, &script);
        let lines: Vec<&str> = out.lines().collect();
        let at = |line: &str| fs::canonicalize(Path::new(line).parent().expect("a folder")).expect("it is there");
        assert_eq!((at(lines[0]), lines[1]), (home, "<s3><ls>"), "{shell:?}");
        assert!(lines[2].ends_with("/bin/why403"), "{shell:?}: {out}");
    }
}

// Completion

/// What a user has who completes at all, and nothing that completes `aws`.
fn completing(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => "",
        Shell::Zsh => "fpath=(${fpath:#*(vendor-completions|site-functions)})\nautoload -Uz compinit\ncompinit -D -u",
        Shell::Fish => "set -g fish_complete_path $HOME/own",
    }
}

/// Moves programs about on a stage.
type Arrange = fn(&Stage);

#[test]
fn where_nothing_completes_aws_the_completer_beside_it_does() {
    if !all_here() || !require(&["tmux"]) {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        let places: [(&str, Arrange); 3] = [
            ("on PATH", |_| ()),
            ("beside the target of a link", |stage| {
                stage.rename("bin/aws_completer", "aws cli/aws_completer");
                stage.rename("bin/aws", "aws cli/aws");
                symlink("../aws cli/aws", stage.path("bin/aws")).expect("a link");
            }),
            ("in libexec", |stage| {
                stage.rename("aws cli/aws_completer", "libexec/aws_completer");
            }),
        ];
        for (place, arrange) in places {
            arrange(&stage);
            for (init, typed, line) in [("", "aws s3 ", "aws s3 "), ("--cmd w", "w s3 ", "w s3 ")] {
                let screen = stage.session(shell, &format!("{}\n{}", completing(shell), shell.init(init)));
                screen.completes(typed, &format!("{line}presign-me"));
                let asked = stage.take("completed");
                let asked = asked.lines().next().unwrap_or_default().to_owned();
                // fish says the wrapped command's name.
                let expected = [format!("{typed}|{}", typed.len()), "aws s3 |7".to_owned()];
                assert!(expected.contains(&asked), "{shell:?} {place}: {asked}");
                // The line is still a line, and still ours.
                screen.run(&format!("{typed}ls"), 0);
            }
        }
    }
}

#[test]
fn a_completion_that_is_there_stays() {
    if !all_here() || !require(&["tmux"]) {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        stage.program("own/completer", "#!/bin/sh\necho mine\n");
        let own = match shell {
            Shell::Bash => "complete -C \"$HOME/own/completer\" aws".to_owned(),
            Shell::Zsh => format!(
                "{}\nautoload -Uz bashcompinit; bashcompinit\ncomplete -C \"$HOME/own/completer\" aws",
                completing(shell)
            ),
            Shell::Fish => {
                let text = "complete -c aws -f -a mine";
                fs::write(stage.path("own/aws.fish"), text).expect("written");
                completing(shell).to_owned()
            }
        };
        for options in ["", "--cmd w"] {
            let command = if options.is_empty() { "aws" } else { "w" };
            // Before ours or after it: theirs.
            let both = [format!("{own}\n{}", shell.init(options)), format!("{}\n{own}", shell.init(options))];
            let late_and_renamed = !options.is_empty() && shell == Shell::Bash;
            for file in both.iter().take(if late_and_renamed { 1 } else { 2 }) {
                let screen = stage.session(shell, file);
                screen.completes(&format!("{command} s3 "), &format!("{command} s3 mine"));
            }
        }
        assert_eq!(stage.take("completed"), "", "{shell:?}");
    }
}

#[test]
fn our_own_commands_complete_while_the_function_stands_before_them() {
    if !all_here() || !require(&["tmux"]) {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        let ours =
            by(shell, &format!("eval \"$(why403 completions {})\"", shell.name()), "why403 completions fish | source");
        let screen = stage.session(shell, &format!("{}\n{}\n{ours}", completing(shell), shell.init("")));
        screen.completes("why403 expl", "why403 explain");
        screen.completes("why403 explain bucket-policy-d", "why403 explain bucket-policy-deny");
        screen.completes("why403 init fi", "why403 init fish");
        screen.completes("why403 --no-pr", "why403 --no-probe");
    }
}

// As a plugin

#[test]
fn the_folder_is_a_zsh_plugin_and_a_manager_may_source_it_in_a_function() {
    if !require(&["zsh"]) {
        return;
    }
    let stage = Stage::new();
    let folder = Shell::Zsh.file().parent().expect("a folder").to_owned();
    fs::create_dir_all(stage.path("custom/plugins")).expect("a directory");
    symlink(folder, stage.path("custom/plugins/why403")).expect("a link");
    let script = "setopt warn_create_global ksh_arrays sh_word_split extended_glob no_unset err_return\n\
        load() { local plugin=$1; source \"$HOME/custom/plugins/$plugin/$plugin.plugin.zsh\" }\n\
        load why403\naws s3 'a b'\nwhy403 off\naws s3 ls";
    assert_eq!(stage.fine(Shell::Zsh, script), "<s3><a b>\n<s3><ls>\n");
}

#[test]
fn a_fisher_plugin_comes_and_goes() {
    if !require(&["fish"]) {
        return;
    }
    let stage = Stage::new();
    let conf = stage.path(".config/fish/conf.d");
    fs::create_dir_all(&conf).expect("a directory");
    fs::copy(Shell::Fish.file(), conf.join("why403.fish")).expect("copied");
    let script = "functions -q aws; and functions -q why403; or echo missing\n\
        aws s3 ls\nemit why403_uninstall\nfunctions -q aws; or functions -q why403; or echo gone\n\
        functions -a | string match '*why403*'; set -n | string match '*why403*'\naws s3 ls";
    let mut command = Command::new(stage.path("tools/fish"));
    command.env_clear().envs(stage.environment()).arg("-c").arg(script);
    let output = command.output().expect("it runs");
    assert_eq!(text(&output.stdout), "<s3><ls>\ngone\n<s3><ls>\n", "{}", text(&output.stderr));
}

// At a terminal

/// The screens that a user sees, as they stand. `UPDATE_GOLDEN=1` writes them anew.
#[test]
fn a_refused_command_is_explained_on_the_screen() {
    if !all_here() || !require(&["tmux"]) {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        let screen = stage.session(shell, &shell.init(""));
        let shown = screen.run("aws s3 cp s3://acme/k .", 1);
        assert!(shown.contains("HeadObject operation: Forbidden\n\n") && shown.contains("cause["), "{shown}");
        let file = format!("tests/golden/shell/{}.screen", shell.name());
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(&file);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(golden.parent().expect("a folder")).expect("a directory");
            fs::write(&golden, format!("{shown}\n")).expect("written");
        }
        assert_eq!(fs::read_to_string(&golden).unwrap_or_default(), format!("{shown}\n"), "{file}");
        screen.run("why403 off", 0);
        let shown = screen.run("aws s3 cp s3://acme/k .", 1);
        assert!(!shown.contains("cause["), "{shown}");
        screen.run("why403 on", 0);
        fs::remove_file(stage.path("bin/why403")).expect("removed");
        let shown = screen.run("aws s3 cp s3://acme/k .", 1);
        assert!(shown.contains("HeadObject") && !shown.contains("cause["), "{shown}");
    }
}

#[test]
fn the_key_runs_last_and_keeps_the_line_and_the_status() {
    if !all_here() || !require(&["tmux"]) {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        for (option, key) in [("--key alt-w", "M-w"), ("--key ctrl-g", "C-g")] {
            let screen = stage.session(shell, &shell.init(option));
            // A program in its place, so that what the key ran can be seen.
            stage.rename("bin/why403", "away/why403");
            stage.program("bin/why403", "#!/bin/sh\necho \"ran: $*\"\nexit 7\n");
            screen.run("sh -c 'exit 5'", 5);
            screen.type_in("echo kept $st");
            screen.press(key);
            let shown = screen.wait_until("the line again", |screen| {
                screen.contains("ran: last")
                    && screen.lines().last().is_some_and(|line| line.ends_with("echo kept $st"))
            });
            assert!(shown.lines().last().is_some_and(|line| line.starts_with("[5]")), "{shell:?}: {shown}");
            fs::remove_file(stage.path("bin/why403")).expect("removed");
            stage.rename("away/why403", "bin/why403");
        }
    }
}

#[test]
fn a_command_can_be_sent_to_the_background_and_stopped() {
    if !all_here() || !require(&["tmux"]) {
        return;
    }
    for shell in SHELLS {
        let stage = Stage::new();
        let screen = stage.session(shell, &shell.init(""));
        // The prompt comes back long before the sleep is over.
        screen.run("aws sleep 1000 &", 0);
        let jobs = screen.run("jobs", 0);
        assert!(jobs.to_lowercase().contains("running"), "{shell:?}: {jobs}");
        screen.run(&by(shell, "kill %1", "kill (jobs -lp)"), 0);
        screen.type_in("aws sleep 1001");
        screen.press("Enter");
        let calls = || fs::read_to_string(stage.path("calls")).unwrap_or_default();
        screen.wait_until("the second sleep", |_| calls().contains("1001"));
        screen.press("C-z");
        // fish says nothing of a stopped job in a function, but has it.
        screen.wait_until("a prompt", |screen| screen.contains("^Z") && screen.ends_with("] $"));
        let jobs = screen.run("jobs", 0).to_lowercase();
        assert!(jobs.contains("stopped") || jobs.contains("suspended"), "{shell:?}: {jobs}");
        screen.type_in("fg");
        screen.press("Enter");
        screen.wait_until("it in front", |screen| screen.lines().last().is_some_and(|line| !line.contains("] $")));
        screen.press("C-c");
        screen.wait_until("a prompt", |screen| screen.lines().last().is_some_and(|line| line.ends_with("] $")));
    }
}

#[test]
fn fish_is_not_interrupted_by_explanations_while_a_line_is_typed() {
    if !all_here() || !require(&["tmux"]) {
        return;
    }
    let stage = Stage::new();
    // fish's own completion of `aws` runs `aws s3 ls` for the buckets; here it is one that fails.
    fs::create_dir_all(stage.path("own")).expect("a directory");
    let own = "complete -c aws -f -a '(aws s3 cp s3://acme/k .; echo bucket)'";
    fs::write(stage.path("own/aws.fish"), own).expect("written");
    let screen = stage.session(Shell::Fish, &format!("{}\n{}", completing(Shell::Fish), Shell::Fish.init("")));
    screen.type_in("aws x ");
    screen.press("Tab");
    let shown = screen.wait_until("a bucket", |screen| screen.contains("aws x bucket"));
    assert!(!shown.contains("cause["), "{shown}");
    assert_eq!(stage.take("calls"), "s3 cp s3://acme/k .\n");
}
