//! Customer-provided encryption keys (SSE-C), as the CLI turns them into headers (botocore, `handlers._sse_md5`).

use crate::request::{Arguments, Secret};
use md5::{Digest, Md5};

/// `--sse-c` and `--sse-c-key`, or their `copy-source` twins, as the API wants them.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerKey {
    pub algorithm: String,
    /// The key, base64-encoded.
    pub key: Secret,
    /// The base64 MD5 of the key's bytes. It tells a guess right or wrong, so it is not shown either.
    pub md5: Option<String>,
}

impl std::fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CustomerKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl CustomerKey {
    /// A key given as it is: raw bytes, or text that is taken for its bytes.
    #[must_use]
    pub fn raw(algorithm: &str, bytes: &[u8]) -> Self {
        Self {
            algorithm: algorithm.to_owned(),
            key: Secret::new(aws_smithy_types::base64::encode(bytes)),
            md5: Some(aws_smithy_types::base64::encode(Md5::digest(bytes))),
        }
    }
}

/// The key that a command gives for one end: of `aws s3`, or of `aws s3api`.
pub(crate) fn of(arguments: &Arguments, for_copy_source: bool) -> Option<CustomerKey> {
    if arguments.s3_command().is_some() {
        let (algorithm, key) = if for_copy_source {
            ("--sse-c-copy-source", "--sse-c-copy-source-key")
        } else {
            ("--sse-c", "--sse-c-key")
        };
        if !arguments.has(algorithm) {
            return None;
        }
        // `--sse-c` without a value means AES256.
        return Some(CustomerKey::raw(arguments.value(algorithm).unwrap_or("AES256"), arguments.bytes(key)?));
    }
    let [algorithm, key, md5] = if for_copy_source {
        [
            ("--copy-source-sse-customer-algorithm", "CopySourceSSECustomerAlgorithm"),
            ("--copy-source-sse-customer-key", "CopySourceSSECustomerKey"),
            ("--copy-source-sse-customer-key-md5", "CopySourceSSECustomerKeyMD5"),
        ]
    } else {
        [
            ("--sse-customer-algorithm", "SSECustomerAlgorithm"),
            ("--sse-customer-key", "SSECustomerKey"),
            ("--sse-customer-key-md5", "SSECustomerKeyMD5"),
        ]
    }
    .map(|(flag, member)| {
        arguments.bytes(flag).map(<[u8]>::to_vec).or_else(|| arguments.member(member).map(String::into_bytes))
    });
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
    let algorithm = algorithm.and_then(text)?;
    match md5 {
        // With its MD5 beside it the key goes out as it stands.
        Some(md5) => Some(CustomerKey { algorithm, key: Secret::new(text(key?)?), md5: text(md5) }),
        None => Some(CustomerKey::raw(&algorithm, &key?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::testing::argv;

    /// botocore gives these for a key of 32 letters.
    const KEY: &str = "abcdefghijklmnopqrstuvwxyz012345";
    const BASE64: &str = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU=";

    #[test]
    fn as_botocore_encodes_it() {
        let arguments = argv(&format!("aws s3 cp s3://b/k . --sse-c --sse-c-key {KEY}"));
        let key = of(&arguments, false).unwrap();
        assert_eq!((key.algorithm.as_str(), key.key.expose()), ("AES256", BASE64));
        assert_eq!(key.md5.as_deref(), Some("NX6C25NPxF9KJbS4Pci9GQ=="));
        assert_eq!(of(&arguments, true), None);
    }

    #[test]
    fn with_an_md5_it_is_taken_as_it_stands() {
        let arguments = argv(&format!(
            "aws s3api get-object --bucket b --key k --sse-customer-algorithm AES256 --sse-customer-key {BASE64} --sse-customer-key-md5 m /dev/null"
        ));
        let key = of(&arguments, false).unwrap();
        assert_eq!((key.key.expose(), key.md5.as_deref()), (BASE64, Some("m")));
    }

    #[test]
    fn a_file_that_was_not_read_is_no_key() {
        assert_eq!(of(&argv("aws s3 cp s3://b/k . --sse-c AES256 --sse-c-key fileb://gone"), false), None);
    }

    #[test]
    fn debug_tells_nothing() {
        let shown = format!("{:?}", CustomerKey::raw("AES256", KEY.as_bytes()));
        assert!(!shown.contains(BASE64) && !shown.contains("NX6C"));
    }
}
