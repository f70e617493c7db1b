//! The last bytes of a stream of any length.

/// Keeps the last `keep` bytes that were pushed, in at most twice that memory.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    keep: usize,
    bytes: Vec<u8>,
}

impl Tail {
    pub(super) fn new(keep: usize) -> Self {
        Self { keep, bytes: Vec::new() }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if bytes.len() >= self.keep {
            self.bytes.clear();
            self.bytes.extend_from_slice(&bytes[bytes.len() - self.keep..]);
            return;
        }
        // Moved down once per `keep` bytes, not once per push: a ring would make the result two slices.
        if self.bytes.len() + bytes.len() > 2 * self.keep {
            let excess = self.bytes.len() + bytes.len() - self.keep;
            self.bytes.drain(..excess.min(self.bytes.len()));
        }
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[self.bytes.len().saturating_sub(self.keep)..]
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_end_of_everything_pushed(pushes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..40)) {
            let all = pushes.concat();
            let mut tail = Tail::new(16);
            for push in &pushes {
                tail.push(push);
                prop_assert!(tail.bytes.len() <= 32);
            }
            prop_assert_eq!(tail.as_slice(), &all[all.len().saturating_sub(16)..]);
        }
    }
}
