//! Who asked, in as few words as tell callers apart.

use super::Section;
use crate::diagnosis::Failure;

/// The short name of an ARN's principal: `role/app`, `user/bob`, `root of 111122223333`.
pub fn short(arn: &str) -> Option<String> {
    let mut parts = arn.splitn(6, ':');
    let (Some("arn"), Some(_partition), Some(service), Some(_region), Some(account), Some(resource)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    if !matches!(service, "iam" | "sts") {
        return None;
    }
    if resource == "root" {
        return Some(format!("root of {account}"));
    }
    let (kind, path) = resource.split_once('/')?;
    match kind {
        // The role's name, then the session's.
        "assumed-role" => Some(format!("role/{}", path.split('/').next()?)),
        // A path, then the name.
        _ => Some(format!("{kind}/{}", path.rsplit('/').next()?)),
    }
}

/// `caller: role/ci-deploy (profile dev)`, where the diagnosis turns on who asked and has not said it, or not by which path.
pub fn note(failure: &Failure, sections: &[Section<'_>], verbose: bool) -> Option<String> {
    let caller = failure.caller.as_ref()?;
    let name = caller
        .arn
        .as_deref()
        .map(|arn| if verbose { arn.to_owned() } else { short(arn).unwrap_or_else(|| arn.to_owned()) });
    let source = caller.source.as_str();
    let is_said =
        says(sections, name.as_deref()) && (is_the_plain_path(source) || says(sections, origin(source).as_deref()));
    if !verbose && (is_said || !turns_on_caller(sections)) {
        return None;
    }
    Some(match name {
        Some(name) if source.is_empty() => format!("caller: `{name}`"),
        Some(name) => format!("caller: `{name}` ({source})"),
        None => format!("caller: unknown ({source})"),
    })
}

/// A document that names principals, or the identity itself, is part of the story.
fn turns_on_caller(sections: &[Section<'_>]) -> bool {
    sections.iter().any(|section| {
        section.blocker.place.is_some() || section.blocker.evidence.iter().any(|check| check == "sts-identity")
    })
}

/// The keys that everybody starts with: nobody wonders where they came from.
fn is_the_plain_path(source: &str) -> bool {
    source.is_empty() || source.starts_with("profile default: access key in ")
}

/// Where the path begins, as texts have it: the profile's name, or `environment`.
fn origin(source: &str) -> Option<String> {
    match source.split_once(' ')? {
        ("profile", rest) => rest.split([':', ',']).next().map(|profile| format!("`{profile}`")),
        (first, _) => Some(first.to_owned()),
    }
}

fn says(sections: &[Section<'_>], words: Option<&str>) -> bool {
    let Some(words) = words.filter(|words| !words.is_empty()) else { return false };
    sections.iter().any(|section| {
        let labels =
            section.excerpt.into_iter().flat_map(|excerpt| excerpt.marks.iter().map(|mark| mark.label.as_str()));
        let notes = section.notes.iter().map(|note| note.text.as_str());
        let helps = section.helps.iter().map(|help| help.text.as_str());
        let mut texts = std::iter::once(section.blocker.summary.as_str()).chain(labels).chain(notes).chain(helps);
        texts.any(|text| text.contains(words))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_have_short_names() {
        let names = [
            ("arn:aws:sts::111122223333:assumed-role/app/i-0abc", "role/app"),
            ("arn:aws:iam::111122223333:role/service/ci-deploy", "role/ci-deploy"),
            ("arn:aws-cn:iam::111122223333:user/bob", "user/bob"),
            ("arn:aws:iam::111122223333:root", "root of 111122223333"),
            ("arn:aws:sts::111122223333:federated-user/eve", "federated-user/eve"),
        ];
        for (arn, name) in names {
            assert_eq!(short(arn).as_deref(), Some(name));
        }
        assert_eq!(short("arn:aws:s3:::bucket"), None);
        assert_eq!(short("acme-logs"), None);
    }
}
