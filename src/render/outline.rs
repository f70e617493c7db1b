//! What is said about a failure, and in which order: the part that all formats for people share.
//!
//! It selects and words; it does not lay out, colour, or escape. Its texts hold strangers' text as it was.

use super::words;
use crate::diagnosis::{Blocker, Certainty, Edit, EditOp, Excerpt, Failure, Fix, Report};

mod caller;
mod changes;
mod unchecked;

pub use changes::target;

/// At most this many competing readings, candidates, or reasons; then "and n more".
const MOST: usize = 4;

/// In bytes; S3 takes no policy of more than 20 KB.
const LONGEST_STATEMENT: usize = 20_480;

/// One failure, as it is told.
pub struct Story<'a> {
    pub failure: &'a Failure,
    /// Which failure this is; only where a report has several.
    pub heading: Option<String>,
    /// What is shown in full: everything proven that has to change, or else the surest reading.
    pub sections: Vec<Section<'a>>,
    /// Competing readings: one line each.
    pub rivals: Vec<&'a Blocker>,
    pub rivals_left_out: usize,
}

/// One blocker in full.
pub struct Section<'a> {
    pub blocker: &'a Blocker,
    pub excerpt: Option<&'a Excerpt>,
    pub notes: Vec<Note>,
    pub helps: Vec<Help<'a>>,
}

/// A fact. An aside is one that can be skipped.
pub struct Note {
    pub text: String,
    pub aside: bool,
}

/// An action.
pub struct Help<'a> {
    /// With its "or" where it is an alternative.
    pub text: String,
    /// Who can make the change and what it changes, where that is not said already.
    pub terms: Vec<String>,
    pub edits: Vec<Change<'a>>,
    pub commands: Vec<&'a str>,
}

/// One edit of a document.
pub struct Change<'a> {
    /// Where it goes; empty where the action has said so.
    pub lead: String,
    pub statement: Option<&'a serde_json::Value>,
}

impl Help<'_> {
    /// The action and its terms: `allow this (an administrator of 111122223333; changes IAM)`.
    pub fn sentence(&self) -> String {
        [self.text.clone(), self.terms()].join(" ").trim_end().to_owned()
    }

    /// The terms in brackets, or nothing.
    pub fn terms(&self) -> String {
        if self.terms.is_empty() { String::new() } else { format!("({})", self.terms.join("; ")) }
    }

    pub fn has_body(&self) -> bool {
        !self.edits.is_empty() || !self.commands.is_empty()
    }
}

/// The word before `[code]`: how sure it is, and nothing else says so.
pub fn prefix(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Proven => "cause",
        Certainty::Likely => "likely cause",
        Certainty::Possible => "possible cause",
    }
}

/// Every failure of the report, as it is told.
pub fn stories(report: &Report, verbose: bool) -> Vec<Story<'_>> {
    let total = report.failures.len();
    report.failures.iter().enumerate().map(|(at, failure)| story(failure, at + 1, total, verbose)).collect()
}

/// The codes that a reader can look up: that of each blocker shown in full, once.
pub fn codes(report: &Report) -> Vec<&str> {
    let mut codes = Vec::new();
    for blocker in report.failures.iter().flat_map(|failure| shown_in_full(&failure.blockers).0) {
        let code = blocker.cause.as_str();
        if is_code(code) && !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes.truncate(MOST);
    codes
}

/// What `why403 fix` does for the commands that are shown, where one names a file.
pub fn makes_what(report: &Report) -> Option<&'static str> {
    let shown = report.failures.iter().flat_map(|failure| shown_in_full(&failure.blockers).0);
    let fixes = shown.flat_map(|blocker| blocker.fix.iter().chain(&blocker.other_fixes));
    let mut naming: Vec<&str> =
        fixes.flat_map(|fix| &fix.commands).map(String::as_str).filter(|command| command.contains("file://")).collect();
    naming.sort_unstable();
    naming.dedup();
    match naming.len() {
        0 => None,
        1 => Some("makes the file named above"),
        _ => Some("makes the files named above"),
    }
}

/// The command that makes it.
pub const MAKES_FILES: &str = "why403 fix --write .";

/// Whether it is shaped like a code: what is not would end up in a command or an address.
pub fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn story(failure: &Failure, number: usize, total: usize, verbose: bool) -> Story<'_> {
    let (in_full, rivals) = shown_in_full(&failure.blockers);
    let mut sections: Vec<Section<'_>> = in_full.iter().map(|blocker| section(blocker, verbose)).collect();
    say_once(&mut sections);
    let about_failure = failure_notes(failure, &sections, verbose);
    if let Some(first) = sections.first_mut() {
        first.notes.extend(about_failure);
    }
    let left_out = rivals.len().saturating_sub(MOST);
    Story {
        failure,
        heading: (total > 1).then(|| format!("{number} of {total}: {}", context(failure))),
        sections,
        rivals: rivals.iter().take(MOST).collect(),
        rivals_left_out: left_out,
    }
}

/// A document that several blockers change is stored once, by one command.
fn say_once(sections: &mut [Section<'_>]) {
    let mut said: Vec<&str> = Vec::new();
    for first in sections.iter_mut().filter_map(|section| section.helps.first_mut()) {
        first.commands.retain(|command| !command.contains("file://") || !said.contains(command));
        said.extend(&first.commands);
    }
}

/// The proven blockers, which must all change, and what likely stands behind them; without a proven one, the surest reading
/// alone. Then the others.
fn shown_in_full(blockers: &[Blocker]) -> (&[Blocker], &[Blocker]) {
    let least = match blockers.first().map(|blocker| blocker.certainty) {
        Some(Certainty::Proven) => Certainty::Likely,
        _ => Certainty::Proven,
    };
    let sure = blockers.iter().take_while(|blocker| blocker.certainty >= least).count();
    blockers.split_at(sure.max(1).min(blockers.len()))
}

fn section(blocker: &Blocker, verbose: bool) -> Section<'_> {
    let excerpt = blocker.excerpt.as_ref().filter(|excerpt| excerpt.marks.iter().any(|mark| mark.primary));
    let near_miss = blocker.near_miss.as_ref().filter(|miss| !label_says(excerpt, miss));
    let notes = near_miss.into_iter().chain(&blocker.notes);
    // A near miss names its statement, an excerpt shows it.
    let is_shown = excerpt.is_some() || blocker.near_miss.is_some();
    let place = (verbose || !is_shown).then(|| place_note(blocker, verbose)).flatten();
    Section {
        blocker,
        excerpt,
        notes: place.into_iter().chain(notes.cloned()).map(|text| Note { text, aside: false }).collect(),
        helps: helps(blocker, verbose),
    }
}

/// Whether the label at the caret is about the near miss already.
fn label_says(excerpt: Option<&Excerpt>, near_miss: &str) -> bool {
    let bare = |text: &str| text.replace('`', "");
    let near_miss = bare(near_miss);
    excerpt.into_iter().flat_map(|excerpt| &excerpt.marks).any(|mark| {
        let label = bare(&mark.label);
        !label.is_empty() && (label.contains("nearest") || label.contains(&near_miss) || near_miss.contains(&label))
    })
}

/// Which statement it is. The owner's full name is for those who asked for it.
fn place_note(blocker: &Blocker, verbose: bool) -> Option<String> {
    let place = blocker.place.as_ref()?;
    let statement = place.statement.as_ref().map(|statement| match &statement.sid {
        Some(sid) => format!("statement `{sid}`"),
        None => format!("`Statement[{}]`", statement.index),
    })?;
    let name = |owner: &str| caller::short(owner).filter(|_| !verbose).unwrap_or_else(|| owner.to_owned());
    let owner = place.owner.as_deref().map(|owner| format!(" of `{}`", name(owner)));
    let document = match &place.policy {
        Some(policy) => format!("policy `{policy}`{}", owner.unwrap_or_default()),
        None => format!("the {}{}", changes::document(place.document), owner.unwrap_or_default()),
    };
    Some(format!("where: {statement} in {document}"))
}

/// What is true of the failure and not of one blocker: said once, under the first.
fn failure_notes(failure: &Failure, sections: &[Section<'_>], verbose: bool) -> Vec<Note> {
    let mut notes = Vec::new();
    if failure.count > 1 {
        notes.push(Note { text: format!("{} failed like this", words::count(failure.count, "object")), aside: false });
    }
    notes.extend(caller::note(failure, sections, verbose).map(|text| Note { text, aside: true }));
    notes.extend(unchecked::note(failure).map(|text| Note { text, aside: false }));
    if verbose {
        notes.extend(failure.ruled_out.iter().map(|out| Note {
            text: format!("ruled out: `{}` because {}", out.cause, unchecked::with_code(&out.because)),
            aside: true,
        }));
        notes.extend(unchecked::asked(failure).map(|text| Note { text, aside: true }));
    }
    notes
}

/// The failure in a few words: what the CLI said up to the error itself, or what was asked.
fn context(failure: &Failure) -> String {
    let line = failure.line.trim();
    let asked = line.split(" An error occurred").next().unwrap_or_default().trim_end_matches(':');
    match (asked.is_empty() || asked.ends_with("error"), request(failure)) {
        (true, Some(request)) => request,
        (true, None) => line.to_owned(),
        (false, _) => asked.to_owned(),
    }
}

/// `s3:GetObject on s3://bucket/key`.
pub fn request(failure: &Failure) -> Option<String> {
    let request = &failure.request;
    let what = request.action.as_deref().or(failure.operation.as_deref());
    let target = request.bucket.as_deref().map(|bucket| match &request.key {
        Some(key) => format!("s3://{bucket}/{key}"),
        None => format!("s3://{bucket}"),
    });
    match (what, target) {
        (Some(what), Some(target)) => Some(format!("{what} on {target}")),
        (Some(one), None) => Some(one.to_owned()),
        (None, target) => target,
    }
}

fn helps(blocker: &Blocker, verbose: bool) -> Vec<Help<'_>> {
    let first = blocker.fix.iter().map(|fix| help(fix, true, false));
    let others = blocker.other_fixes.iter().map(|fix| help(fix, verbose, blocker.fix.is_some()));
    first.chain(others).collect()
}

fn help(fix: &Fix, with_edits: bool, is_other: bool) -> Help<'_> {
    let summary = fix.summary.as_str();
    // "to get 404 next time, …" opens another goal and needs no "or".
    let joins = !is_other || summary.starts_with("or ") || summary.starts_with("to ");
    let mut terms = Vec::new();
    // Who is asked makes the change; the action itself changes nothing.
    if !(summary.starts_with("ask ") || summary.starts_with("or ask ")) {
        if !matches!(fix.who.as_str(), "" | "you") && !summary.contains(&fix.who) {
            terms.push(fix.who.clone());
        }
        terms.extend(changes::changes(fix));
    }
    Help {
        text: if joins { summary.to_owned() } else { format!("or {summary}") },
        terms,
        edits: if with_edits { edits(fix) } else { Vec::new() },
        commands: fix.commands.iter().map(String::as_str).collect(),
    }
}

fn edits(fix: &Fix) -> Vec<Change<'_>> {
    let several = fix.edits.len() > 1;
    fix.edits.iter().map(|edit| change(edit, several)).collect()
}

fn change(edit: &Edit, several: bool) -> Change<'_> {
    let length = edit.statement.as_ref().map_or(0, |statement| statement.to_string().len());
    if length > LONGEST_STATEMENT {
        let length = words::number(length as u64);
        return Change { lead: format!("the statement is in the JSON report: it has {length} bytes"), statement: None };
    }
    Change { lead: lead(edit, several), statement: edit.statement.as_ref() }
}

/// Where the statement goes. One addition needs no word: the action has named the policy.
fn lead(edit: &Edit, several: bool) -> String {
    let statement = || {
        let sid =
            edit.statement.as_ref().and_then(|statement| statement.get("Sid")).and_then(serde_json::Value::as_str);
        match (sid, edit.statement_index) {
            (Some(sid), _) => format!("statement `{sid}`"),
            (None, Some(index)) => format!("`Statement[{index}]`"),
            (None, None) => "the statement".to_owned(),
        }
    };
    let document = changes::target(&edit.target);
    match edit.op {
        EditOp::AddStatement if several => format!("add to {document}:"),
        EditOp::AddStatement => String::new(),
        EditOp::ReplaceStatement => format!("replace {} of {document} with:", statement()),
        EditOp::RemoveStatement => format!("remove {} of {document}", statement()),
    }
}
