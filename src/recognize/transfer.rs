//! The two ends of a transfer, from the text between `failed: ` and the error.
//!
//! The CLI parts them by ` to `, and a key or a path may hold that too. An end that is in S3 always
//! begins with `s3://`, and a local path never holds that (the CLI normalises `//` away); where a
//! download leaves it open, the end whose last component repeats the key's is the right one.

use super::{Transfer, TransferVerb};

const S3: &str = "s3://";
const TO: &str = " to ";
const TO_S3: &str = " to s3://";

/// `location` is what stands between `download failed: ` and the error.
pub(super) fn split(verb: TransferVerb, location: &str) -> Transfer {
    let cut = match verb {
        TransferVerb::Delete | TransferVerb::MakeBucket | TransferVerb::RemoveBucket => None,
        // Local to S3: the first `s3://` is the destination's.
        _ if !location.starts_with(S3) => location.find(TO_S3),
        TransferVerb::Upload => None,
        TransferVerb::Copy => best(location, TO_S3),
        TransferVerb::Download => best(location, TO),
        TransferVerb::Move => best(location, TO_S3).or_else(|| best(location, TO)),
    };
    let (source, destination) = match cut {
        Some(at) => (&location[..at], Some(location[at + TO.len()..].to_owned())),
        None => (location, None),
    };
    Transfer { verb, source: source.to_owned(), destination }
}

/// Of all places where `parting` stands, the one that makes the likeliest pair of ends.
fn best(location: &str, parting: &str) -> Option<usize> {
    let mut best: Option<(u8, usize)> = None;
    // A key may hold hundreds of them; beyond the first few, nobody can tell.
    for (at, _) in location.match_indices(parting).take(64) {
        let (source, destination) = (&location[..at], &location[at + TO.len()..]);
        let score = likeliness(source, destination);
        // Of equals the later: the key may be anything, a local path is somebody's own.
        if best.is_none_or(|(highest, _)| score >= highest) {
            best = Some((score, at));
        }
    }
    best.map(|(_, at)| at)
}

fn likeliness(source: &str, destination: &str) -> u8 {
    let same_name = u8::from(last_component(source) == last_component(destination));
    let looks_like_an_end = ["./", "../", "/", S3].iter().any(|start| destination.starts_with(start));
    2 * same_name + u8::from(looks_like_an_end || destination == "-")
}

fn last_component(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The buckets of the two ends, for telling kinds of failure apart; nothing for a local end. Cheap, so
/// it takes the last ` to s3://` where [`split`] weighs all of them.
pub(super) fn buckets(location: &[u8]) -> (&[u8], &[u8]) {
    let mut blanks = memchr::memrchr_iter(b' ', location);
    let parting = blanks.find(|blank| location[*blank..].starts_with(TO_S3.as_bytes()));
    let destination = parting.map_or(&b""[..], |at| &location[at + TO.len()..]);
    (bucket(location), bucket(destination))
}

fn bucket(end: &[u8]) -> &[u8] {
    let Some(name) = end.strip_prefix(S3.as_bytes()) else { return b"" };
    // `arn:aws:s3:eu-west-1:111122223333:accesspoint/name/key`: the name is part of it.
    let slashes = if name.starts_with(b"arn:") { 2 } else { 1 };
    // No bucket's name has a blank: one ends an end that names the bucket alone.
    let name = memchr::memchr(b' ', name).map_or(name, |blank| &name[..blank]);
    memchr::memchr_iter(b'/', name).nth(slashes - 1).map_or(name, |slash| &name[..slash])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_parted_in_the_right_place() {
        use TransferVerb::{Copy, Delete, Download, MakeBucket, Move, Upload};
        for (verb, location, source, destination) in [
            (Download, "s3://b/k to ./k", "s3://b/k", Some("./k")),
            (Download, "s3://b/k to -", "s3://b/k", Some("-")),
            (Download, "s3://b/a to b to ./a to b", "s3://b/a to b", Some("./a to b")),
            (Download, "s3://b/p/a to b to out dir/a to b", "s3://b/p/a to b", Some("out dir/a to b")),
            (Download, "s3://b/a to a to ./a to a", "s3://b/a to a", Some("./a to a")),
            (Download, "s3://b/k to ../../proc/x", "s3://b/k", Some("../../proc/x")),
            (Download, "s3://b/k to other", "s3://b/k", Some("other")),
            (Download, "s3://b/a to s3://c/x to ./x", "s3://b/a to s3://c/x", Some("./x")),
            (Upload, "./f to s3://b/up", "./f", Some("s3://b/up")),
            (Upload, "- to s3://b/up", "-", Some("s3://b/up")),
            (Upload, "my to do/list to s3://b/my to s3:/list", "my to do/list", Some("s3://b/my to s3:/list")),
            (Upload, "./f to s3://b/a to s3://c/d", "./f", Some("s3://b/a to s3://c/d")),
            (Copy, "s3://a/x to s3://b/x", "s3://a/x", Some("s3://b/x")),
            (Copy, "s3://a/to s3://b to s3://c/to s3://b", "s3://a/to s3://b", Some("s3://c/to s3://b")),
            (Move, "s3://a/x to s3://b/y", "s3://a/x", Some("s3://b/y")),
            (Move, "s3://a/x to ./x", "s3://a/x", Some("./x")),
            (Move, "./x to s3://a/x", "./x", Some("s3://a/x")),
            (Delete, "s3://b/from a to b", "s3://b/from a to b", None),
            (MakeBucket, "s3://b", "s3://b", None),
        ] {
            let got = split(verb, location);
            assert_eq!((got.source.as_str(), got.destination.as_deref()), (source, destination), "{location}");
        }
    }

    #[test]
    fn buckets_of_both_ends() {
        assert_eq!(buckets(b"s3://a/x y to s3://b/x y"), (&b"a"[..], &b"b"[..]));
        assert_eq!(buckets(b"./f to s3://b"), (&b""[..], &b"b"[..]));
        assert_eq!(buckets(b"s3://a to ./b"), (&b"a"[..], &b""[..]));
        let access_point = b"s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/k to ./k";
        assert_eq!(buckets(access_point).0, b"arn:aws:s3:eu-west-1:111122223333:accesspoint/ap");
    }
}
