//! A file that is written by a thread of its own, so that nobody who serves ever waits for a disk.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

/// Pieces that may wait to be written. Beyond that they are dropped, and counted.
const MAX_WAITING: usize = 4096;

/// The writing thread. Dropping it waits until everything is written.
pub struct Sink {
    sender: SyncSender<Message>,
    writer: Option<JoinHandle<()>>,
}

/// Bytes to write, or (`None`) the end. Not the end of all pipes: a thread that never ends may hold one.
type Message = Option<Vec<u8>>;

/// One thread's way to a [`Sink`].
#[derive(Clone)]
pub struct Pipe(SyncSender<Message>);

impl Sink {
    /// Opens `path`, `-` standing for standard output, and starts the thread.
    pub fn open(path: &Path, name: &str) -> io::Result<Self> {
        let out: Box<dyn Write + Send> = match path.to_str() {
            Some("-") => Box::new(io::stdout()),
            _ => Box::new(File::create(path)?),
        };
        let (sender, receiver) = sync_channel(MAX_WAITING);
        let write = move || write_all(&receiver, BufWriter::new(out));
        let writer = thread::Builder::new().name(name.to_owned()).spawn(write)?;
        Ok(Self { sender, writer: Some(writer) })
    }

    /// A way in for one thread.
    pub fn pipe(&self) -> Pipe {
        Pipe(self.sender.clone())
    }
}

impl Pipe {
    /// Hands over what is in `piece`, which is empty afterwards. `false`: the writer is behind, and it is lost.
    pub fn send(&self, piece: &mut Vec<u8>) -> bool {
        match self.0.try_send(Some(std::mem::take(piece))) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}

/// A full disk ends nothing but the writing.
fn write_all(receiver: &Receiver<Message>, mut out: impl Write) {
    let mut broken = false;
    while let Ok(Some(piece)) = receiver.recv() {
        let flush = |out: &mut dyn Write| out.write_all(&piece).and_then(|()| out.flush());
        if !broken && let Err(error) = flush(&mut out) {
            eprintln!("writing failed, and is given up: {error}");
            broken = true;
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // An error means that the writer has ended already.
        let _ = self.sender.send(None);
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has told so on standard error.
            let _ = writer.join();
        }
    }
}
