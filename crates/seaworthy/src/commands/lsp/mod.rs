//! `seaworthy lsp`: the rules in an editor, over the language server protocol on standard input and output.
//!
//! One thread reads messages; the other answers them, and judges changed documents when none is waiting, so that fast
//! typing costs one look at its end. What an editor has not saved is laid over the files of the project.

mod answers;
mod rpc;
mod server;
mod text;

use crate::cli::Global;
use crate::failure::Failure;
use crate::shell::Shell;
use rpc::Incoming;
use seaworthy_finding::ExitCode;
use serde_json::Value;
use server::Server;
use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

/// Serves an editor until it says goodbye.
pub(crate) fn exec(shell: &Shell, global: &Global) -> Result<ExitCode, Failure> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let read = rpc::read(&mut input);
            let is_last = !matches!(read, Ok(Some(_)));
            if sender.send(read).is_err() || is_last {
                return;
            }
        }
    });
    let mut queue = Queue { receiver, waiting: VecDeque::new(), ended: false };
    let mut server = Server::new(global.clone());
    loop {
        let Some(message) = queue.next(&mut server, shell)? else {
            // The client is gone; only one that said so left in order.
            return Ok(if server.is_shut_down() { ExitCode::Clean } else { ExitCode::Findings });
        };
        if let Incoming::Notification { method, .. } = &message
            && method == "exit"
        {
            return Ok(if server.is_shut_down() { ExitCode::Clean } else { ExitCode::Findings });
        }
        let cancelled = matches!(&message, Incoming::Request { id, .. } if queue.cancels(id));
        for answer in server.handle(message, cancelled) {
            shell.out_exactly(&rpc::frame(&answer))?;
        }
    }
}

/// Messages that have arrived and are not yet answered.
struct Queue {
    receiver: Receiver<io::Result<Option<Incoming>>>,
    waiting: VecDeque<Incoming>,
    ended: bool,
}

impl Queue {
    /// The next message. Before it waits for one, what changed is judged.
    fn next(&mut self, server: &mut Server, shell: &Shell) -> Result<Option<Incoming>, Failure> {
        loop {
            self.drain()?;
            if let Some(message) = self.waiting.pop_front() {
                return Ok(Some(message));
            }
            if self.ended {
                return Ok(None);
            }
            for message in server.judge() {
                shell.out_exactly(&rpc::frame(&message))?;
            }
            match self.receiver.recv() {
                Ok(read) => self.take(read)?,
                Err(_) => self.ended = true,
            }
        }
    }

    fn drain(&mut self) -> Result<(), Failure> {
        while !self.ended {
            match self.receiver.try_recv() {
                Ok(read) => self.take(read)?,
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => self.ended = true,
            }
        }
        Ok(())
    }

    fn take(&mut self, read: io::Result<Option<Incoming>>) -> Result<(), Failure> {
        match read.map_err(|error| Failure::of("read from the editor", &error))? {
            Some(message) => self.waiting.push_back(message),
            None => self.ended = true,
        }
        Ok(())
    }

    /// Whether the client has taken back a request, which is then answered as cancelled.
    fn cancels(&self, wanted: &Value) -> bool {
        self.waiting.iter().any(|message| {
            matches!(message, Incoming::Notification { method, params }
                if method == "$/cancelRequest" && params.get("id") == Some(wanted))
        })
    }
}
