//! A switchboard that says yes to everything, or what it was told to say.

use dispatch::contract::{Command, MediaTest, Refusal};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

pub struct PretendedSwitchboard {
    heard: mpsc::Receiver<String>,
    refusal: Arc<Mutex<Option<Refusal>>>,
}

impl PretendedSwitchboard {
    pub fn start() -> (Self, mpsc::Sender<Command>) {
        let (commands, mut inbox) = mpsc::channel(16);
        let (tell, heard) = mpsc::channel(256);
        let refusal: Arc<Mutex<Option<Refusal>>> = Arc::default();
        let answers = refusal.clone();
        tokio::spawn(async move {
            while let Some(command) = inbox.recv().await {
                let answer = answers.lock().unwrap().clone();
                let _ = tell.try_send(attend(command, answer.map_or(Ok(()), Err)));
            }
        });
        (Self { heard, refusal }, commands)
    }

    pub fn refuse(&self, refusal: Refusal) {
        *self.refusal.lock().unwrap() = Some(refusal);
    }

    /// The next command, in short.
    pub async fn heard(&mut self) -> String {
        tokio::time::timeout(Duration::from_secs(10), self.heard.recv()).await.expect("a command in time").unwrap()
    }
}

fn attend(command: Command, answer: Result<(), Refusal>) -> String {
    use Command::*;
    let (what, reply) = match command {
        StartShift { name, reply, .. } => (format!("start shift of {name}"), reply),
        EndShift { reply, .. } => ("end shift".into(), reply),
        SetReadiness { readiness, reply, .. } => (format!("{readiness:?}"), reply),
        AttachMedia { offer, reply, .. } => {
            let _ = reply.send(answer.map(|()| format!("answer to {offer}")));
            return "attach media".into();
        }
        TestMedia { reply, .. } => {
            let _ = reply.send(answer.map(|()| MediaTest { microphone_dbfs: Some(-20.5) }));
            return "test media".into();
        }
        BrowserGone { .. } => return "browser gone".into(),
        BrowserBack { .. } => return "browser back".into(),
        Answer { reply, .. } => ("answer".into(), reply),
        Decline { reply, .. } => ("decline".into(), reply),
        HangUp { reply, .. } => ("hang up".into(), reply),
        Hold { reply, .. } => ("hold".into(), reply),
        Resume { reply, .. } => ("resume".into(), reply),
        SendDigits { digits, reply, .. } => (format!("digits {digits}"), reply),
    };
    let _ = reply.send(answer);
    what
}
