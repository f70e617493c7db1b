//! `aws`'s stderr, passed on byte for byte as it comes, and looked at in passing.
//!
//! tee(2) and splice(2) would save a copy, but splice refuses a stderr that is opened for appending (`2>>log`).

use std::io::{self, PipeReader};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::panics::contain;
use crate::fault::{self, Stage};
use crate::recognize::{Failures, Recognizer};

/// One pipe's worth: what a writer can have written before anybody reads. Four times what a pipe has by itself: a
/// writer and we then wait for each other less often than a writer and `cat` do, which pays for the looking.
const BUFFER: usize = 256 * 1024;

/// What was seen of a stream.
#[derive(Debug)]
pub(super) enum Seen {
    Through(Failures),
    /// The recogniser broke on it. The bytes were passed on all the same.
    Broken,
    /// There was no thread to look at it with.
    Unwatched(io::Error),
}

impl Seen {
    /// Of a stream with nothing in it.
    pub(super) fn nothing() -> Self {
        Self::Through(Recognizer::default().finish())
    }
}

/// Whether nothing stands in the pipe.
pub(super) fn is_empty(pipe: BorrowedFd<'_>) -> bool {
    rustix::io::ioctl_fionread(pipe).is_ok_and(|bytes| bytes == 0)
}

/// Whether our stderr takes some more without a wait, if only to say that nobody reads it.
pub(super) fn takes_more() -> bool {
    let mut fds = [PollFd::from_borrowed_fd(rustix::stdio::stderr(), PollFlags::OUT)];
    poll(&mut fds, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

/// Passes on what stands in the pipe by now, and no more: later bytes are somebody else's.
fn pass_what_is_there(from: BorrowedFd<'_>, to: BorrowedFd<'_>) {
    let mut left = standing_in(from);
    while let Some(count) = pass_some(from, to, left).filter(|_| left > 0) {
        left -= count;
    }
}

/// Reads at most so many bytes, no more than a pipe that takes any takes, and passes them on without a look at them. Nothing
/// where nobody writes any more, or nobody reads.
pub(super) fn pass_some(from: BorrowedFd<'_>, to: BorrowedFd<'_>, most: usize) -> Option<usize> {
    let mut buffer = [0; 4096];
    let wanted = most.min(buffer.len());
    match rustix::io::read(from, &mut buffer[..wanted]) {
        Err(Errno::INTR) => Some(0),
        Ok(0) | Err(_) => None,
        Ok(count) => (pass_on(to, &buffer, &mut (0..count)) == Passed::On).then_some(count),
    }
}

/// How many bytes stand in the pipe.
pub(super) fn standing_in(pipe: BorrowedFd<'_>) -> usize {
    rustix::io::ioctl_fionread(pipe).map_or(0, |bytes| usize::try_from(bytes).unwrap_or(BUFFER))
}

/// Copies until nobody can write any more, nobody reads any more, or `aws` has ended and all that it wrote is through.
///
/// `ended` is a pipe whose other end is closed when `aws` has ended. Its end is no end of the stream: something that it
/// started may hold on to stderr for ever, and a shell would not wait for that.
pub(super) fn tee(from: impl AsFd, ended: &PipeReader) -> Seen {
    let mut watcher = Watcher(None);
    let mut passage = Passage { to: rustix::stdio::stderr(), ended, buffer: Vec::new(), held: 0..0 };
    let whole = contain(|| {
        watcher = Watcher(Some(Recognizer::default()));
        widen(from.as_fd());
        passage.copy(from.as_fd(), &mut |bytes| watcher.see(bytes));
    });
    if whole.is_none() {
        passage.plainly(from.as_fd());
    }
    // Closing our end before the last words are looked at lets a writer that goes on notice at once, as it would have.
    drop(from);
    if whole.is_none() { Seen::Broken } else { watcher.finish() }
}

/// Asks for a pipe of the buffer's size. One that stays as it is does too: a user may have only so much of them.
fn widen(pipe: BorrowedFd<'_>) {
    #[cfg(target_os = "linux")]
    let _refused = rustix::pipe::fcntl_setpipe_size(pipe, BUFFER);
    #[cfg(not(target_os = "linux"))]
    let _as_it_is = pipe;
}

/// Bytes on their way. What has been read stays here until it is written, so that a fault in between loses and doubles none.
struct Passage<'a> {
    to: BorrowedFd<'a>,
    ended: &'a PipeReader,
    buffer: Vec<u8>,
    /// Where in the buffer the bytes are that have not been written.
    held: Range<usize>,
}

impl Passage<'_> {
    fn copy(&mut self, from: BorrowedFd<'_>, see: &mut dyn FnMut(&[u8])) {
        self.buffer.resize(BUFFER, 0);
        let mut left = usize::MAX;
        let mut draining = false;
        while left > 0 {
            fault::point(Stage::Copy);
            if !draining {
                match wait(from, self.to, self.ended) {
                    Event::Bytes => {}
                    Event::Nothing => continue,
                    Event::ReaderGone => return,
                    Event::AwsEnded => {
                        // Whatever it wrote stands in the pipe by now; later bytes are somebody else's.
                        draining = true;
                        left = standing_in(from);
                        continue;
                    }
                }
            }
            let wanted = left.min(self.buffer.len());
            let count = match rustix::io::read(from, &mut self.buffer[..wanted]) {
                Err(Errno::INTR) => continue,
                Ok(0) | Err(_) => return,
                Ok(count) => count,
            };
            self.held = 0..count;
            fault::point(Stage::CopyHeld);
            // The user first, then we.
            let passed = pass_on(self.to, &self.buffer, &mut self.held);
            fault::point(Stage::CopyPassed);
            see(&self.buffer[..count]);
            if passed == Passed::Over {
                return;
            }
            if draining {
                left -= count;
            }
        }
    }

    /// The same to the same end, and nothing besides: for when [`Self::copy`] broke.
    fn plainly(&mut self, from: BorrowedFd<'_>) {
        let mut passed = pass_on(self.to, &self.buffer, &mut self.held);
        while passed == Passed::On {
            match wait(from, self.to, self.ended) {
                Event::Bytes if pass_some(from, self.to, usize::MAX).is_none() => passed = Passed::Over,
                Event::Bytes | Event::Nothing => {}
                Event::ReaderGone => return,
                Event::AwsEnded => return pass_what_is_there(from, self.to),
            }
        }
    }
}

enum Event {
    Bytes,
    AwsEnded,
    /// Nobody reads our stderr any more. Without us `aws` would learn that when it writes (`EPIPE`), and it does so too
    /// if our end of its pipe is closed right now.
    ReaderGone,
    Nothing,
}

fn wait(from: BorrowedFd<'_>, to: BorrowedFd<'_>, ended: &PipeReader) -> Event {
    let mut fds = [
        PollFd::from_borrowed_fd(to, PollFlags::empty()),
        PollFd::new(ended, PollFlags::IN),
        PollFd::from_borrowed_fd(from, PollFlags::IN),
    ];
    if poll(&mut fds, None).is_err() {
        return Event::Nothing;
    }
    let [to, ended, from] = fds.map(|fd| fd.revents());
    if to.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL) {
        Event::ReaderGone
    } else if !ended.is_empty() {
        Event::AwsEnded
    } else if !from.is_empty() {
        Event::Bytes
    } else {
        Event::Nothing
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    On,
    /// Nobody reads any more, or nobody writes.
    Over,
}

/// Writes all that is held of the buffer, however little goes through at a time.
fn pass_on(to: BorrowedFd<'_>, buffer: &[u8], held: &mut Range<usize>) -> Passed {
    while let Some(bytes) = buffer.get(held.clone()).filter(|bytes| !bytes.is_empty()) {
        match rustix::io::write(to, bytes) {
            Ok(0) => break,
            Ok(count) => held.start += count,
            Err(Errno::INTR) => {}
            // Somebody made the terminal non-blocking, and it is shared with us.
            Err(Errno::AGAIN) => {
                let _interrupted = poll(&mut [PollFd::from_borrowed_fd(to, PollFlags::OUT)], None);
            }
            Err(Errno::PIPE) => return Passed::Over,
            // A full disk, say. The next bytes may fit again, and `aws` must not be held up.
            Err(_) => break,
        }
    }
    held.start = held.end;
    Passed::On
}

/// Looks at the bytes in passing. Whatever goes wrong in there, the copying goes on.
struct Watcher(Option<Recognizer>);

impl Watcher {
    fn see(&mut self, bytes: &[u8]) {
        if let Some(recognizer) = &mut self.0
            && contain(|| {
                fault::point(Stage::Recognize);
                recognizer.push(bytes);
            })
            .is_none()
        {
            self.0 = None;
        }
    }

    fn finish(self) -> Seen {
        self.0
            .and_then(|recognizer| {
                contain(|| {
                    fault::point(Stage::RecognizeEnd);
                    recognizer.finish()
                })
            })
            .map_or(Seen::Broken, Seen::Through)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Write, pipe};

    use super::*;

    fn passage<'a>(to: BorrowedFd<'a>, ended: &'a PipeReader) -> Passage<'a> {
        Passage { to, ended, buffer: Vec::new(), held: 0..0 }
    }

    fn copied(from: BorrowedFd<'_>, to: BorrowedFd<'_>, ended: &PipeReader) -> Vec<u8> {
        let mut seen = Vec::new();
        passage(to, ended).copy(from, &mut |bytes| seen.extend_from_slice(bytes));
        seen
    }

    #[test]
    fn what_is_held_when_it_breaks_goes_through_once_and_what_follows_too() {
        let (from, mut writer) = pipe().expect("a pipe");
        let (mut read, to) = pipe().expect("a pipe");
        let (ended, open) = pipe().expect("a pipe");
        let mut passage = passage(to.as_fd(), &ended);
        passage.buffer.extend_from_slice(b"gone, held, ");
        passage.held = 6..12;
        writer.write_all(b"in the pipe").expect("written");
        drop(open);
        // The writer's end stays open: somebody else holds it.
        passage.plainly(from.as_fd());
        drop(to);
        let mut text = String::new();
        read.read_to_string(&mut text).expect("read");
        assert_eq!(text, "held, in the pipe");
        drop(writer);
    }

    #[test]
    fn what_aws_wrote_goes_through_though_somebody_holds_its_stderr_open() {
        let (from, mut writer) = pipe().expect("a pipe");
        let (mut read, to) = pipe().expect("a pipe");
        let (ended, open) = pipe().expect("a pipe");
        writer.write_all(b"the last words").expect("written");
        drop(open);
        assert_eq!(copied(from.as_fd(), to.as_fd(), &ended), b"the last words");
        drop(to);
        let mut text = String::new();
        read.read_to_string(&mut text).expect("read");
        assert_eq!(text, "the last words");
        drop(writer);
    }

    #[test]
    fn a_reader_that_is_gone_ends_it_before_anything_is_read() {
        let (mut from, mut writer) = pipe().expect("a pipe");
        let (read, to) = pipe().expect("a pipe");
        let (ended, _open) = pipe().expect("a pipe");
        drop(read);
        writer.write_all(b"unread").expect("written");
        assert_eq!(copied(from.as_fd(), to.as_fd(), &ended), b"");
        drop(writer);
        let mut text = String::new();
        from.read_to_string(&mut text).expect("read");
        assert_eq!(text, "unread");
    }

    #[test]
    fn a_full_disk_does_not_hold_aws_up() {
        let Ok(full) = File::options().write(true).open("/dev/full") else { return };
        let (from, mut writer) = pipe().expect("a pipe");
        let (ended, _open) = pipe().expect("a pipe");
        writer.write_all(b"lost but seen").expect("written");
        drop(writer);
        assert_eq!(copied(from.as_fd(), full.as_fd(), &ended), b"lost but seen");
    }
}
