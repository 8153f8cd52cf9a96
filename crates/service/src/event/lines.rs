// SPDX-License-Identifier: Apache-2.0
//! Lines on their way to a writer that may be slow, or gone.
//!
//! A thread of its own writes them, so that whoever reads the output of a service cannot hold it up: a
//! pipe that nobody empties, or a terminal that was stopped, costs lines and no bonds.

use std::{
	io::{ErrorKind, Result, Write},
	sync::{
		atomic::{AtomicU64, Ordering},
		mpsc::{channel, sync_channel, Receiver, SyncSender, TrySendError},
		Arc, Mutex, PoisonError,
	},
	thread,
	time::Duration,
};

/// Lines that wait for the writer, at most.
const WAITING: usize = 4_096;
/// Time that the last lines may take when a program ends.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Lines that a thread writes, each with one call.
#[derive(Debug)]
pub(super) struct Lines {
	/// `None` once nothing more comes.
	queue: Option<SyncSender<String>>,
	/// Lines that found no room in the queue, since the writer last took one.
	missed: Arc<AtomicU64>,
	/// Closed when the thread has ended.
	ended: Mutex<Receiver<()>>,
}

impl Lines {
	/// Starts the thread. Fails if the system has no room for one.
	pub(super) fn start(writer: impl Write + Send + 'static) -> Result<Self> {
		let (queue, lines) = sync_channel(WAITING);
		let (alive, ended) = channel::<()>();
		let missed = Arc::new(AtomicU64::new(0));
		let counted = missed.clone();
		thread::Builder::new().name("events".into()).spawn(move || {
			write_lines(&lines, writer, &counted);
			drop(alive);
		})?;
		Ok(Self { queue: Some(queue), missed, ended: Mutex::new(ended) })
	}

	/// Hands over a line without its end. Never waits.
	pub(super) fn push(&self, line: String) {
		match self.queue.as_ref().map(|queue| queue.try_send(line)) {
			Some(Err(TrySendError::Full(_))) => {
				self.missed.fetch_add(1, Ordering::Relaxed);
			},
			// Nobody reads any more.
			Some(Err(TrySendError::Disconnected(_)) | Ok(())) | None => {},
		}
	}
}

impl Drop for Lines {
	/// Waits for the last lines, but not for a reader that has stopped reading.
	fn drop(&mut self) {
		self.queue = None;
		let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
		let _ = ended.recv_timeout(LAST_LINES);
	}
}

/// Writes what comes until nothing more can come, or the reader is gone.
fn write_lines(lines: &Receiver<String>, mut writer: impl Write, missed: &AtomicU64) {
	let mut has_failed = false;
	while let Ok(mut line) = lines.recv() {
		let lost = missed.swap(0, Ordering::Relaxed);
		if lost > 0 {
			tracing::warn!("{lost} events were not written: the output was not read for too long");
		}
		line.push('\n');
		match writer.write_all(line.as_bytes()).and_then(|()| writer.flush()) {
			Ok(()) => has_failed = false,
			Err(error) if error.kind() == ErrorKind::BrokenPipe => return,
			Err(error) if !has_failed => {
				has_failed = true;
				tracing::warn!("events cannot be written: {error}");
			},
			Err(_) => {},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{
		io::{BufRead, BufReader, Error},
		time::Instant,
	};

	/// Much less than what the tests wait for on a busy machine, and more than a queue takes.
	const QUICK: Duration = Duration::from_secs(20);

	#[test]
	fn lines_should_come_whole_and_in_order() {
		let (reader, writer) = std::io::pipe().unwrap();
		let lines = Lines::start(writer).unwrap();
		(0..100).for_each(|number| lines.push(format!("line {number}")));
		drop(lines);
		let read: Vec<String> = BufReader::new(reader).lines().map(Result::unwrap).collect();
		assert_eq!(read, (0..100).map(|number| format!("line {number}")).collect::<Vec<_>>());
	}

	#[test]
	fn lines_should_go_silent_when_the_reader_of_a_pipe_is_gone() {
		let (reader, writer) = std::io::pipe().unwrap();
		let lines = Lines::start(writer).unwrap();
		let mut reader = BufReader::new(reader);
		let mut first = String::new();
		lines.push("first".into());
		reader.read_line(&mut first).unwrap();
		assert_eq!(first, "first\n");
		drop(reader);
		let started = Instant::now();
		(0..WAITING * 3).for_each(|_| lines.push("nobody reads this".into()));
		drop(lines);
		assert!(started.elapsed() < QUICK);
	}

	#[test]
	fn service_should_not_be_held_up_when_nobody_empties_a_pipe() {
		let (reader, writer) = std::io::pipe().unwrap();
		let lines = Lines::start(writer).unwrap();
		let started = Instant::now();
		(0..WAITING * 3).for_each(|_| lines.push("x".repeat(100)));
		assert!(lines.missed.load(Ordering::Relaxed) > 0, "the queue is bounded");
		drop(lines);
		assert!(started.elapsed() < QUICK);
		drop(reader);
	}

	/// Fails to write every line but the third.
	struct FullDisk(u32, std::sync::mpsc::Sender<Vec<u8>>);

	impl Write for FullDisk {
		fn write(&mut self, bytes: &[u8]) -> Result<usize> {
			self.0 += 1;
			if self.0 != 3 {
				return Err(Error::from(ErrorKind::StorageFull));
			}
			self.1.send(bytes.into()).unwrap();
			Ok(bytes.len())
		}

		fn flush(&mut self) -> Result<()> {
			Ok(())
		}
	}

	#[test]
	fn line_should_be_written_when_there_is_room_on_the_disk_again() {
		let (sender, written) = channel();
		let lines = Lines::start(FullDisk(0, sender)).unwrap();
		["one", "two", "three", "four"].into_iter().for_each(|line| lines.push(line.into()));
		drop(lines);
		assert_eq!(written.try_iter().collect::<Vec<_>>(), [b"three\n"]);
	}
}
