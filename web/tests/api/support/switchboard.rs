//! A switchboard that says yes to everything, or what it was told to say.

use dispatch::clock;
use dispatch::contract::{Command, Learned, MediaTest, Refusal};
use dispatch::id::{CallId, PartyId, ReportId};
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

    /// Says yes again.
    pub fn accept(&self) {
        *self.refusal.lock().unwrap() = None;
    }

    /// The next command, in short.
    pub async fn heard(&mut self) -> String {
        tokio::time::timeout(Duration::from_secs(10), self.heard.recv()).await.expect("a command in time").unwrap()
    }
}

fn attend(command: Command, answer: Result<(), Refusal>) -> String {
    use Command::*;
    let (what, reply) = match command {
        StartShift { name, learned, reply, .. } => (format!("start shift of {name}, {}", said(learned)), reply),
        HasLearned { learned, .. } => return format!("has learned {}", said(Some(learned))),
        UsePhone { username, phone, reply, .. } => (format!("phone {phone:?} of {username:?}"), reply),
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
        StopMonitoring { .. } => return "stop monitoring".into(),
        Dismiss { .. } => return "dismiss".into(),
        BrowserGone { .. } => return "browser gone".into(),
        BrowserBack { .. } => return "browser back".into(),
        LocateCaller { number, .. } => return format!("locate {number}"),
        Answer { reply, .. } => ("answer".into(), reply),
        Decline { reply, .. } => ("decline".into(), reply),
        HangUp { reply, .. } => ("hang up".into(), reply),
        Hold { reply, .. } => ("hold".into(), reply),
        Resume { reply, .. } => ("resume".into(), reply),
        SendDigits { digits, reply, .. } => (format!("digits {digits}"), reply),
        TypeText { text, reply, .. } => (format!("type {}", text.0), reply),
        ReadText { reply, .. } => {
            let _ = reply.send(answer.map(|()| Default::default()));
            return "read text".into();
        }
        CallOut { number, callback_of, reply, .. } => {
            let made = dispatch::contract::CallOut { call: CallId(clock::new_id()), report: ReportId(clock::new_id()) };
            let _ = reply.send(answer.map(|()| made));
            return format!("call out to {number}, back {}", callback_of.is_some());
        }
        Dial { number, name, mode, reply, .. } => {
            let _ = reply.send(answer.map(|()| PartyId(clock::new_id())));
            return format!("dial {number} {name:?} {mode:?}");
        }
        Merge { reply, .. } => ("merge".into(), reply),
        DropParty { reply, .. } => ("drop party".into(), reply),
        HandOver { reply, .. } => ("hand over".into(), reply),
        Monitor { name, mode, reply, .. } => (format!("monitor by {name} {mode:?}"), reply),
        PromptSilent { reply, .. } => ("silent prompt".into(), reply),
    };
    let _ = reply.send(answer);
    what
}

fn said(learned: Option<Learned>) -> String {
    learned.map_or("who knows what".into(), |Learned { skills, languages }| format!("{skills:?} {languages:?}"))
}
