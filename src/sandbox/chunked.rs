//! The `aws-chunked` content coding of streaming uploads, undone: chunk sizes, chunk signatures and trailing
//! checksums go, the bytes stay.

use crate::sandbox::http::Incoming;

/// A body that is not what its headers say.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the chunks of the body are cut short or malformed")]
pub struct BadChunks;

/// Whether the body is coded so.
#[must_use]
pub fn is_chunked(incoming: &Incoming) -> bool {
    let streaming = incoming.header("x-amz-content-sha256").is_some_and(|hash| hash.starts_with("STREAMING-"));
    let coded = incoming
        .header("content-encoding")
        .is_some_and(|codings| codings.split(',').any(|coding| coding.trim() == "aws-chunked"));
    streaming || coded
}

/// The bytes themselves.
///
/// # Errors
/// When a chunk is not whole.
pub fn decode(body: &[u8]) -> Result<Vec<u8>, BadChunks> {
    let mut rest = body;
    let mut decoded = Vec::with_capacity(body.len());
    loop {
        let end = find_crlf(rest).ok_or(BadChunks)?;
        let header = std::str::from_utf8(&rest[..end]).map_err(|_| BadChunks)?;
        let size = header.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| BadChunks)?;
        rest = &rest[end + 2..];
        if size == 0 {
            // Trailers follow: checksums, which are not verified.
            return Ok(decoded);
        }
        let chunk = rest.get(..size).ok_or(BadChunks)?;
        decoded.extend_from_slice(chunk);
        rest = rest[size..].strip_prefix(b"\r\n").ok_or(BadChunks)?;
    }
}

fn find_crlf(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_with_signatures_and_trailers_are_joined() {
        let body = b"5;chunk-signature=ab\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
        assert_eq!(decode(body).unwrap(), b"hello world");
    }

    #[test]
    fn cut_and_hostile_bodies_are_refused() {
        for body in [&b"5\r\nhel"[..], b"zz\r\n", b"", b"ffffffffffffffff\r\nx\r\n", b"2\r\nabX\r\n0\r\n\r\n"] {
            assert_eq!(decode(body), Err(BadChunks));
        }
    }
}
