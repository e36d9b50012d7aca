//! What both sides of a call type, as lines: letters go in, and out come lines as they stand and lines that are ended, to be kept. Pure.
//! Who may read them is not decided here.

use dispatch::contract::{CallSide, TextLine, TextView};
use dispatch::desk::{SaidLine, Who};
use dispatch::id::CallId;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, VecDeque};

/// A line to which nothing was added for so long is ended.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// Letters of one line, after which it is ended with a word; and those after which it is ended in any case. Whoever types on and on
/// loses little of it if the server is killed.
const LONG: usize = 160;
const LINE: usize = 500;
/// Lines that are shown; those before them stand on the timeline.
const SHOWN: usize = 300;
/// Letters of one side in one call: hours of typing.
const TAKEN: usize = 100_000;
/// Erases the letter before it.
const ERASE: char = '\u{8}';
/// Stands where a letter of a line that is kept already was erased.
const ERASED: char = '\u{232b}';

/// The time of day, and the time that timers run by.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub at: Timestamp,
    pub tick: Timestamp,
}

#[derive(Debug)]
pub struct Conversation {
    call: CallId,
    lines: VecDeque<TextLine>,
    next: u32,
    caller: Side,
    operator: Side,
    /// Who has the call.
    holder: Option<Who>,
    cut: bool,
}

#[derive(Debug, Default)]
struct Side {
    open: Option<Open>,
    taken: usize,
    /// A line of this side is kept already.
    has_said: bool,
}

#[derive(Debug)]
struct Open {
    n: u32,
    by: Option<Who>,
    touched: Timestamp,
}

/// What follows of something that was typed.
#[derive(Debug, Default, PartialEq)]
pub struct Change {
    /// Lines as they stand now.
    pub lines: Vec<TextLine>,
    /// Lines to be kept, in the order in which they were ended.
    pub said: Vec<SaidLine>,
    /// From now on something of the call is left out.
    pub cut: bool,
}

impl Conversation {
    pub fn new(call: CallId) -> Self {
        Self {
            call,
            lines: VecDeque::new(),
            next: 0,
            caller: Side::default(),
            operator: Side::default(),
            holder: None,
            cut: false,
        }
    }

    /// What is kept of letters that come when the call is over: there is nobody left who would read them as they come.
    pub fn after_the_end(call: CallId, take: impl FnOnce(&mut Self) -> Change) -> Vec<SaidLine> {
        let mut talk = Self::new(call);
        let taken = take(&mut talk);
        taken.said.into_iter().chain(talk.end().said).collect()
    }

    pub fn view(&self) -> TextView {
        TextView { lines: self.lines.iter().cloned().collect(), cut: self.cut }
    }

    /// The caller typed.
    pub fn heard(&mut self, text: &str, moment: Moment) -> Change {
        self.take(CallSide::Caller, None, text, moment)
    }

    /// Somebody typed to the caller.
    pub fn typed(&mut self, by: &Who, text: &str, moment: Moment) -> Change {
        self.take(CallSide::Operator, Some(by), text, moment)
    }

    /// Somebody else has the call now, or nobody.
    pub fn held_by(&mut self, holder: Option<Who>) -> Change {
        if self.holder == holder {
            return Change::default();
        }
        let change = self.finish([CallSide::Operator]);
        self.holder = holder;
        change
    }

    /// Ends both sides' lines.
    pub fn end(&mut self) -> Change {
        self.finish([CallSide::Caller, CallSide::Operator])
    }

    /// When a line is ended by a pause.
    pub fn deadline(&self) -> Option<Timestamp> {
        [&self.caller, &self.operator].into_iter().filter_map(|side| Some(side.open.as_ref()?.touched + PAUSE)).min()
    }

    /// Ends lines to which nothing was added for a while.
    pub fn handle_timeout(&mut self, tick: Timestamp) -> Change {
        let paused = |side: &Side| side.open.as_ref().is_some_and(|open| open.touched + PAUSE <= tick);
        let (caller, operator) = (paused(&self.caller), paused(&self.operator));
        self.finish(caller.then_some(CallSide::Caller).into_iter().chain(operator.then_some(CallSide::Operator)))
    }

    fn side(&mut self, side: CallSide) -> &mut Side {
        match side {
            CallSide::Caller => &mut self.caller,
            CallSide::Operator => &mut self.operator,
        }
    }

    fn take(&mut self, side: CallSide, by: Option<&Who>, text: &str, moment: Moment) -> Change {
        let (mut touched, mut said, cut) = (BTreeSet::new(), Vec::new(), self.cut);
        if self.side(side).open.as_ref().is_some_and(|open| open.by.as_ref() != by) {
            self.close(side, &mut touched, &mut said);
        }
        for letter in text.chars() {
            match letter {
                '\n' => self.close(side, &mut touched, &mut said),
                ERASE => self.erase(side, by, moment, &mut touched),
                letter => self.add(side, by, letter, moment, &mut touched),
            }
            if self.is_full(side) {
                self.close(side, &mut touched, &mut said);
            }
        }
        self.change(&touched, said, cut)
    }

    fn is_full(&mut self, side: CallSide) -> bool {
        let open = self.side(side).open.as_ref().map(|open| open.n);
        open.and_then(|n| self.line(n)).is_some_and(|line| match line.text.chars().count() {
            LINE.. => true,
            LONG.. => line.text.ends_with(' '),
            _ => false,
        })
    }

    fn finish(&mut self, sides: impl IntoIterator<Item = CallSide>) -> Change {
        let (mut touched, mut said, cut) = (BTreeSet::new(), Vec::new(), self.cut);
        for side in sides {
            self.close(side, &mut touched, &mut said);
        }
        self.change(&touched, said, cut)
    }

    fn change(&mut self, touched: &BTreeSet<u32>, said: Vec<SaidLine>, cut_before: bool) -> Change {
        let lines = self.lines.iter().filter(|line| touched.contains(&line.n)).cloned().collect();
        while self.lines.len() > SHOWN && self.lines.front().is_some_and(|line| line.ended) {
            self.lines.pop_front();
        }
        Change { lines, said, cut: self.cut && !cut_before }
    }

    fn add(&mut self, side: CallSide, by: Option<&Who>, letter: char, moment: Moment, touched: &mut BTreeSet<u32>) {
        if self.side(side).taken >= TAKEN {
            metrics::counter!("siaga_text_letters_dropped_total").increment(1);
            self.cut = true;
            return;
        }
        self.side(side).taken += 1;
        let n = self.open(side, by, moment);
        touched.insert(n);
        if let Some(line) = self.line(n) {
            line.text.push(letter);
        }
    }

    /// Of a line that is kept already nothing is taken back; that something was erased is told.
    fn erase(&mut self, side: CallSide, by: Option<&Who>, moment: Moment, touched: &mut BTreeSet<u32>) {
        let open = self.side(side).open.as_ref().map(|open| open.n);
        let erased = open.and_then(|n| self.line(n)).is_some_and(|line| match line.text.pop() {
            Some(ERASED) => {
                line.text.push(ERASED);
                false
            }
            last => last.is_some(),
        });
        if !erased && self.side(side).has_said {
            return self.add(side, by, ERASED, moment, touched);
        }
        if let (Some(n), Some(open)) = (open, &mut self.side(side).open) {
            open.touched = moment.tick;
            touched.insert(n);
        }
    }

    /// The side's line, begun if there is none.
    fn open(&mut self, side: CallSide, by: Option<&Who>, moment: Moment) -> u32 {
        let next = self.next;
        let open = self.side(side).open.get_or_insert_with(|| Open { n: next, by: by.cloned(), touched: moment.tick });
        open.touched = moment.tick;
        let n = open.n;
        if n == next {
            self.next += 1;
            let by = by.map(|who| who.name.clone());
            self.lines.push_back(TextLine { n, side, by, text: String::new(), at: moment.at, ended: false });
        }
        n
    }

    /// Ends the side's line, if there is one. A line without words is kept nowhere.
    fn close(&mut self, side: CallSide, touched: &mut BTreeSet<u32>, said: &mut Vec<SaidLine>) {
        let Some(Open { n, by, .. }) = self.side(side).open.take() else { return };
        touched.insert(n);
        let (call, operator) = (self.call, by.or_else(|| self.holder.clone()));
        let Some(line) = self.line(n) else { return };
        line.ended = true;
        if line.text.trim().is_empty() {
            return;
        }
        said.push(SaidLine { call, side, text: line.text.clone(), operator, at: line.at });
        self.side(side).has_said = true;
    }

    fn line(&mut self, n: u32) -> Option<&mut TextLine> {
        self.lines.iter_mut().rev().find(|line| line.n == n)
    }
}

#[cfg(test)]
#[path = "conversation_tests.rs"]
mod tests;
