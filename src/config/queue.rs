//! `[queue]`: how calls wait and ring.

use super::{ConfigError, Key, key};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

pub const KEYS: &[Key] = &[
    key("ring_seconds", "15", "How long a call rings at one operator before it moves on."),
    key("detached_seconds", "60", "How long a call waits for its operator's browser to come back before it rings at another."),
    key(
        "fallback_number",
        "",
        "Number that rings when nobody is ready; reached through `fallback_trunk`. One that hangs up within 30 s of its answer counts as a mailbox: the caller waits again.",
    ),
    key("fallback_trunk", "", "Name of the trunk for the fallback number; the first trunk with a proxy if left out."),
    key("fallback_after_seconds", "60", "How long a call waits with nobody ready before the fallback number rings."),
    key("fallback_numbers", "[]", "Further numbers, tried in this order when `fallback_number` does not answer."),
    key(
        "overflow_calls",
        "",
        "When more calls wait, those behind so many ring at the fallback number at once; left out, each waits its time.",
    ),
    key(
        "strategy",
        "\"longest-idle\"",
        "`\"longest-idle\"` rings one operator at a time; `\"ring-all\"` rings all who are ready, and the first has the call; calls that come together share them.",
    ),
    key(
        "skill_wait_seconds",
        "10",
        "How long a call that asks for a skill or a language waits for an operator who has it; then anybody is rung.",
    ),
    key(
        "low_limit_seconds",
        "120",
        "After this time a call from a nuisance number waits behind others no longer, and nobody who calls again goes before one who has waited for so long.",
    ),
    key("wrap_up_seconds", "0", "How long an operator has to write up a call before the next one rings; 0 for not at all."),
    key("announce_every_seconds", "20", "How often at most a waiting caller is told a new place in the queue."),
    key(
        "called_before_minutes",
        "30",
        "Who gave up and calls again within this time goes before other calls of normal priority.",
    ),
    key("nuisance_marks", "3", "So many calls marked prank or ghost lower a number's place in the queue; it is never refused."),
    key("nuisance_days", "7", "The days within which the marks must lie."),
    key("nuisance_hours", "24", "How long after the last mark the place stays lowered."),
    key(
        "service_levels",
        "[[15, 90], [20, 95]]",
        "Goals for answering: pairs of seconds and the share of calls, in percent, that should be answered within them.",
    ),
    key(
        "fallback_calls",
        "4",
        "Calls that ring or talk at the fallback number at once, as many as it has lines; others wait on for an operator.",
    ),
    key(
        "answer_waiting_seconds",
        "60",
        "After so long a waiting caller is answered on the line, and goes on waiting with the announcement: carriers end a call that only rings. 0 for never.",
    ),
    key(
        "announcements",
        "",
        "Directory of WAV files (8 kHz, mono, 16 bit) that replace built-in announcements: `id/waiting.wav` and `en/waiting.wav` for one language, `waiting.wav` for both. See `docs/announcements.md`.",
    ),
    key(
        "acknowledge_seconds",
        "60",
        "How long a team has to acknowledge before its dispatch is overdue and alarms; it alarms again after twice that time more.",
    ),
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    pub ring_seconds: u32,
    pub detached_seconds: u32,
    pub fallback_number: Option<String>,
    pub fallback_trunk: Option<String>,
    pub fallback_after_seconds: u32,
    pub fallback_numbers: Vec<String>,
    pub overflow_calls: Option<u32>,
    pub strategy: Strategy,
    pub skill_wait_seconds: u32,
    pub low_limit_seconds: u32,
    pub wrap_up_seconds: u32,
    pub announce_every_seconds: u32,
    pub called_before_minutes: u32,
    pub nuisance_marks: u32,
    pub nuisance_days: u32,
    pub nuisance_hours: u32,
    pub service_levels: Vec<(u32, u32)>,
    pub fallback_calls: u32,
    pub answer_waiting_seconds: u32,
    pub announcements: Option<PathBuf>,
    pub acknowledge_seconds: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    #[default]
    LongestIdle,
    RingAll,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            ring_seconds: 15,
            detached_seconds: 60,
            fallback_number: None,
            fallback_trunk: None,
            fallback_after_seconds: 60,
            fallback_numbers: Vec::new(),
            overflow_calls: None,
            strategy: Strategy::default(),
            skill_wait_seconds: 10,
            low_limit_seconds: 120,
            wrap_up_seconds: 0,
            announce_every_seconds: 20,
            called_before_minutes: 30,
            nuisance_marks: 3,
            nuisance_days: 7,
            nuisance_hours: 24,
            service_levels: vec![(15, 90), (20, 95)],
            fallback_calls: 4,
            answer_waiting_seconds: 60,
            announcements: None,
            acknowledge_seconds: 60,
        }
    }
}

impl Queue {
    /// `trunks` are the trunks that have a proxy.
    pub fn check(&self, trunks: &[&str]) -> Result<(), ConfigError> {
        if !(3..=120).contains(&self.ring_seconds) {
            return Err(ConfigError::new(
                "queue.ring_seconds",
                format!("{} is out of range", self.ring_seconds),
                "choose 3 to 120",
            ));
        }
        for (name, seconds) in [
            ("queue.fallback_after_seconds", self.fallback_after_seconds),
            ("queue.acknowledge_seconds", self.acknowledge_seconds),
        ] {
            if !(1..=3600).contains(&seconds) {
                return Err(ConfigError::new(name, format!("{seconds} is out of range"), "choose 1 to 3600"));
            }
        }
        if !(5..=600).contains(&self.detached_seconds) {
            return Err(ConfigError::new(
                "queue.detached_seconds",
                format!("{} is out of range", self.detached_seconds),
                "choose 5 to 600",
            ));
        }
        self.check_ranges()?;
        self.check_service_levels()?;
        if self.fallback_number.is_none() && !(self.fallback_numbers.is_empty() && self.overflow_calls.is_none()) {
            return Err(ConfigError::new(
                "queue.fallback_number",
                "there are further fallback numbers, or an overflow, but no first number",
                "set it, or remove `fallback_numbers` and `overflow_calls`",
            ));
        }
        if !(1..=10_000).contains(&self.fallback_calls) {
            return Err(ConfigError::new(
                "queue.fallback_calls",
                format!("{} is out of range", self.fallback_calls),
                "choose 1 to 10000",
            ));
        }
        if self.fallback_number.is_some() {
            match &self.fallback_trunk {
                Some(name) if !trunks.contains(&name.as_str()) => {
                    return Err(ConfigError::new(
                        "queue.fallback_trunk",
                        format!("no trunk `{name}` with a proxy"),
                        "name a [[sip.trunk]] that has `proxy`",
                    ));
                }
                None if trunks.is_empty() => {
                    return Err(ConfigError::new(
                        "queue.fallback_number",
                        "no trunk can reach it",
                        "give a [[sip.trunk]] a `proxy`",
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Every number that rings when nobody is ready, in order.
    pub fn fallbacks(&self) -> Vec<String> {
        self.fallback_number.iter().chain(&self.fallback_numbers).cloned().collect()
    }

    fn check_ranges(&self) -> Result<(), ConfigError> {
        let ranges = [
            ("queue.skill_wait_seconds", self.skill_wait_seconds, 0, 60),
            ("queue.low_limit_seconds", self.low_limit_seconds, 10, 600),
            ("queue.wrap_up_seconds", self.wrap_up_seconds, 0, 600),
            ("queue.announce_every_seconds", self.announce_every_seconds, 5, 600),
            ("queue.called_before_minutes", self.called_before_minutes, 0, 1440),
            ("queue.nuisance_marks", self.nuisance_marks, 1, 100),
            ("queue.nuisance_days", self.nuisance_days, 1, 90),
            ("queue.nuisance_hours", self.nuisance_hours, 1, 720),
            ("queue.answer_waiting_seconds", self.answer_waiting_seconds, 0, 540),
        ];
        for (name, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(ConfigError::new(name, format!("{value} is out of range"), format!("choose {least} to {most}")));
            }
        }
        Ok(())
    }

    fn check_service_levels(&self) -> Result<(), ConfigError> {
        let fits = |(seconds, percent): &(u32, u32)| (1..=600).contains(seconds) && (1..=100).contains(percent);
        if (1..=5).contains(&self.service_levels.len()) && self.service_levels.iter().all(fits) {
            return Ok(());
        }
        Err(ConfigError::new(
            "queue.service_levels",
            "these are no goals that can be counted",
            "write one to five pairs of 1 to 600 seconds and 1 to 100 percent, like [[15, 90], [20, 95]]",
        ))
    }
}
