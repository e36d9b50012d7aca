use super::*;
use crate::bench::sip::message::read;
use crate::clock;

/// Talks with a caller as the server would.
struct Story {
    call: Caller,
    now: Instant,
    /// What the caller sent last, by method.
    sent: Vec<String>,
    facts: Vec<Fact>,
}

impl Story {
    fn begin(plan: Plan) -> Story {
        let place = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let places = Places { server: place(5060), caller: place(6000), voice: place(6002) };
        let now = clock::instant();
        let mut story = Story { call: Caller::new(now, 7, 1, places, plan), now, sent: vec![], facts: vec![] };
        story.gather();
        story
    }

    fn gather(&mut self) {
        while let Some(output) = self.call.poll_output() {
            match output {
                Output::Send(text) => self.sent.push(text),
                Output::Fact(fact) => self.facts.push(fact),
            }
        }
    }

    fn last(&self) -> &str {
        self.sent.last().unwrap()
    }

    fn methods(&self) -> Vec<&str> {
        self.sent.iter().map(|text| text.split(' ').next().unwrap()).collect()
    }

    /// The server's reply to the newest request of this method.
    fn reply(&mut self, method: &str, status: &str, body: &str) {
        let request = self.sent.iter().rfind(|text| text.starts_with(method)).unwrap().clone();
        let reading = read(request.as_bytes()).unwrap();
        let to = if reading.to.contains("tag") { reading.to.to_string() } else { format!("{};tag=s", reading.to) };
        let reply = reading.reply(status, &to, Some("127.0.0.1:5060".parse().unwrap()), body);
        self.call.handle(self.now, &read(reply.as_bytes()).unwrap());
        self.gather();
    }

    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.call.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            if self.call.is_forgotten(self.now) {
                break;
            }
            self.call.handle_timeout(self.now);
            self.gather();
        }
        self.now = until;
    }
}

fn answer() -> String {
    sdp("127.0.0.1:20000".parse().unwrap(), 1, "sendrecv")
}

fn second() -> Duration {
    Duration::from_secs(1)
}

#[test]
fn a_caller_who_gives_up_cancels_as_soon_as_it_rings_and_acknowledges_the_487() {
    let mut story = Story::begin(Plan::GiveUp { after: Duration::ZERO });
    story.reply("INVITE", "100 Trying", "");
    assert_eq!(story.methods(), ["INVITE"]);
    story.now += Duration::from_millis(3);
    story.reply("INVITE", "180 Ringing", "");
    assert_eq!(story.facts, [Fact::Rang { after: Duration::from_millis(3) }]);
    assert_eq!(story.methods(), ["INVITE", "CANCEL"]);
    story.reply("CANCEL", "200 OK", "");
    story.reply("INVITE", "487 Request Terminated", "");
    assert_eq!(story.methods(), ["INVITE", "CANCEL", "ACK"]);
    assert_eq!(story.facts.last(), Some(&Fact::Ended(End::GaveUp)));
    let branch = |text: &str| text.split("branch=").nth(1).unwrap().split(';').next().unwrap().to_string();
    assert!(story.sent.iter().all(|text| branch(text) == branch(story.last())), "CANCEL and ACK are of the INVITE's transaction");
    story.reply("INVITE", "487 Request Terminated", "");
    assert_eq!(story.methods(), ["INVITE", "CANCEL", "ACK", "ACK"], "a 487 that comes again is acknowledged again");
    story.wait(LINGERS);
    assert!(story.call.is_forgotten(story.now));
}

#[test]
fn a_caller_who_is_answered_before_giving_up_hangs_up_then_and_does_not_talk_for_ever() {
    let mut story = Story::begin(Plan::GiveUp { after: second() * 2 });
    story.reply("INVITE", "180 Ringing", "");
    story.wait(second());
    story.reply("INVITE", "200 OK", &answer());
    story.wait(second() / 2);
    assert_eq!(story.methods(), ["INVITE", "ACK"]);
    story.wait(second() / 2);
    story.reply("BYE", "200 OK", "");
    assert_eq!(story.methods(), ["INVITE", "ACK", "BYE"]);
    assert_eq!(story.facts.last(), Some(&Fact::Ended(End::HungUp)));
}

#[test]
fn a_caller_who_talks_goes_through_the_plan_and_hangs_up() {
    let step = |n: u32, what| Step { after: second() * n, what };
    let plan = vec![step(1, Action::Hold), step(2, Action::Renew), step(3, Action::Resume), step(4, Action::HangUp)];
    let mut story = Story::begin(Plan::Talk(plan));
    story.reply("INVITE", "180 Ringing", "");
    story.wait(second() * 60);
    story.reply("INVITE", "200 OK", &answer());
    assert_eq!(story.methods(), ["INVITE", "ACK"]);
    assert!(story.last().starts_with("ACK sip:bench@127.0.0.1:5060 SIP/2.0"), "the answer's Contact is the target");
    for direction in ["sendonly", "sendonly", "sendrecv"] {
        story.wait(second());
        assert!(story.last().starts_with("INVITE") && story.last().contains(&format!("a={direction}")));
        story.reply("INVITE", "200 OK", &answer());
    }
    story.wait(second());
    story.reply("BYE", "200 OK", "");
    assert_eq!(story.methods()[2..], ["INVITE", "ACK", "INVITE", "ACK", "INVITE", "ACK", "BYE"]);
    assert_eq!(story.facts.last(), Some(&Fact::Ended(End::HungUp)));
    assert!(!story.facts.contains(&Fact::Repeated));
}

#[test]
fn a_step_waits_for_the_answer_to_the_one_before() {
    let step = |what| Step { after: second(), what };
    let mut story = Story::begin(Plan::Talk(vec![step(Action::Hold), step(Action::HangUp)]));
    story.reply("INVITE", "200 OK", &answer());
    story.wait(second() + LATER);
    assert_eq!(story.methods(), ["INVITE", "ACK", "INVITE"]);
    story.reply("INVITE", "488 Not Acceptable Here", "");
    story.wait(LATER);
    assert_eq!(story.methods(), ["INVITE", "ACK", "INVITE", "ACK", "BYE"]);
    assert!(story.facts.contains(&Fact::StepRefused { code: 488 }));
}

#[test]
fn the_answer_to_a_hold_that_crosses_the_far_ends_bye_does_not_begin_the_call_anew() {
    let mut story = Story::begin(Plan::Talk(vec![Step { after: second(), what: Action::Hold }]));
    story.reply("INVITE", "200 OK", &answer());
    let bye = story.sent[0].replace("INVITE", "BYE");
    story.wait(second());
    story.call.handle(story.now, &read(bye.as_bytes()).unwrap());
    story.reply("INVITE", "200 OK", &answer());
    assert!(story.last().starts_with("ACK "), "{}", story.last());
    story.call.hang_up(story.now);
    story.gather();
    story.wait(LINGERS);
    assert_eq!(story.facts.iter().filter(|fact| matches!(fact, Fact::Ended(_))).count(), 1);
    assert!(story.call.is_forgotten(story.now));
}

#[test]
fn an_answer_that_crosses_the_cancel_is_taken_and_hung_up() {
    let mut story = Story::begin(Plan::GiveUp { after: Duration::ZERO });
    story.reply("INVITE", "180 Ringing", "");
    story.reply("INVITE", "200 OK", &answer());
    story.reply("CANCEL", "481 Call/Transaction Does Not Exist", "");
    story.reply("BYE", "200 OK", "");
    assert_eq!(story.methods(), ["INVITE", "CANCEL", "ACK", "BYE"]);
    assert_eq!(story.facts.last(), Some(&Fact::Ended(End::HungUp)));
}

#[test]
fn a_refusal_is_acknowledged_and_told_with_its_code() {
    let mut story = Story::begin(Plan::GiveUp { after: Duration::ZERO });
    story.reply("INVITE", "503 Service Unavailable", "");
    assert_eq!(story.methods(), ["INVITE", "ACK"]);
    assert_eq!(story.facts, [Fact::Ended(End::Refused { code: 503, retry_after: false })]);
}

#[test]
fn a_server_that_says_nothing_is_asked_again_and_then_given_up() {
    let mut story = Story::begin(Plan::GiveUp { after: Duration::ZERO });
    story.wait(second() * 40);
    assert_eq!(story.methods(), ["INVITE"; 7]);
    assert_eq!(story.facts.last(), Some(&Fact::Ended(End::TimedOut)));
}

#[test]
fn who_is_told_to_hang_up_before_anything_was_heard_cancels_with_the_first_word_of_the_server() {
    let mut story = Story::begin(Plan::Talk(vec![]));
    story.call.hang_up(story.now);
    story.gather();
    assert_eq!(story.methods(), ["INVITE"], "RFC 3261 section 9.1: nothing is cancelled before a response");
    story.reply("INVITE", "100 Trying", "");
    assert_eq!(story.methods(), ["INVITE", "CANCEL"]);
}
