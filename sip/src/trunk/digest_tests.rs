//! The examples of the RFCs, and challenges as carriers write them.

use super::*;
use proptest::prelude::*;

const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

fn account(username: &str, password: &str) -> Account {
    Account::new(username, password)
}

fn challenged(values: &[&str]) -> Option<Challenge> {
    let mut fields = Fields::default();
    for value in values {
        fields.push("WWW-Authenticate", *value);
    }
    Challenge::of(&fields, 401)
}

fn response(value: &str) -> String {
    Parameters::read(value).unwrap().get("response").unwrap().to_owned()
}

#[test]
fn the_examples_of_rfc_7616_come_out_as_printed() {
    for (algorithm, expected) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let challenge = challenged(&[&format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        )])
        .unwrap();
        let (name, value) =
            Session::new(challenge).answer(&account("Mufasa", "Circle of Life"), "GET", "/dir/index.html", CNONCE);
        assert_eq!((name, response(&value).as_str()), ("Authorization", expected), "{value}");
        assert!(
            value.contains("nc=00000001") && value.contains("qop=auth,") && value.contains(&format!("algorithm={algorithm}"))
        );
        assert!(value.contains("opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""));
    }
}

#[test]
fn the_example_of_rfc_2617_comes_out_as_printed() {
    let challenge = challenged(&["Digest realm=\"testrealm@host.com\",qop=\"auth,auth-int\",\
                                   nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\",opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""])
    .unwrap();
    let (_, value) = Session::new(challenge).answer(&account("Mufasa", "Circle Of Life"), "GET", "/dir/index.html", "0a4f113b");
    assert_eq!(response(&value), "6629fae49393a05397450978507c4ef1");
    assert!(!value.contains("algorithm"), "what was not named is not named: {value}");
}

#[test]
fn a_nonce_is_used_again_with_a_growing_count_and_the_carrier_may_send_the_next() {
    let mut session = Session::new(challenged(&["Digest realm=\"r\", nonce=\"one\", qop=\"auth\""]).unwrap());
    let account = account("a", "b");
    let ask = |session: &mut Session| session.answer(&account, "REGISTER", "sip:r", "c").1;
    assert!(ask(&mut session).contains("nc=00000001"));
    let tenth = (0..9).map(|_| ask(&mut session)).last().unwrap();
    assert!(tenth.contains("nc=0000000a"), "the count is hexadecimal: {tenth}");
    let mut fields = Fields::default();
    fields.push("Authentication-Info", "nextnonce=\"two\", qop=auth");
    session.learn(&fields);
    let next = ask(&mut session);
    assert!(next.contains("nonce=\"two\"") && next.contains("nc=00000001"), "{next}");
}

#[test]
fn the_first_challenge_that_can_be_answered_is() {
    let realm = |values: &[&str]| challenged(values).map(|challenge| challenge.realm);
    let unknown = "Digest realm=\"x\", nonce=\"n\", algorithm=SHA-512-256";
    let integrity = "Digest realm=\"y\", nonce=\"n\", qop=\"auth-int\"";
    let sha = "digest  nonce=\"n\",realm=\"sha\" , algorithm=sha-256,qop=auth";
    let md5 = "Digest realm=\"md5\", nonce=\"n\"";
    assert_eq!(realm(&[unknown, integrity, sha, md5]).as_deref(), Some("sha"));
    assert_eq!(realm(&[md5, sha]).as_deref(), Some("md5"), "the carrier's order counts");
    for nothing in [unknown, integrity, "Basic realm=\"x\"", "Digest realm=\"x\"", "Digest realm=\"x\", nonce=\"n", ""] {
        assert_eq!(realm(&[nothing]), None, "{nothing}");
    }
}

#[test]
fn a_proxys_challenge_is_answered_in_the_proxys_field() {
    let mut fields = Fields::default();
    fields.push("WWW-Authenticate", "Digest realm=\"server\", nonce=\"n\"");
    fields.push("Proxy-Authenticate", "Digest realm=\"proxy\", nonce=\"n\", stale=TRUE");
    let challenge = Challenge::of(&fields, 407).unwrap();
    assert!(challenge.stale);
    assert_eq!(Session::new(challenge).answer(&account("a", "b"), "INVITE", "sip:x", "c").0, "Proxy-Authorization");
}

#[test]
fn quotes_inside_survive() {
    let challenge = challenged(&["Digest realm=\"a \\\"b\\\", c\", nonce=\"n\\\\\""]).unwrap();
    assert_eq!((challenge.realm.as_str(), challenge.nonce.as_str()), ("a \"b\", c", "n\\"));
    let (_, value) = Session::new(challenge).answer(&account("u", "p"), "INVITE", "sip:x", "c");
    assert!(value.contains("realm=\"a \\\"b\\\", c\""), "{value}");
}

#[test]
fn the_stack_is_shown_one_plain_challenge() {
    let mut fields = Fields::default();
    fields.push("Proxy-Authenticate", "Digest realm=\"x\", nonce=\"n\", algorithm=SHA-512-256, qop=\"auth\"");
    fields.push("Proxy-Authenticate", "Digest realm=\"x\", nonce=\"n\", qop=\"auth,auth-int\", stale=true, opaque=\"o\"");
    narrow(&mut fields, 407);
    let left: Vec<&str> = fields.all("Proxy-Authenticate").collect();
    assert_eq!(left, ["Digest realm=\"x\", nonce=\"n\", opaque=\"o\", stale=true, algorithm=MD5, qop=\"auth\""]);
}

#[test]
fn credentials_are_made_again_for_the_uri_that_leaves() {
    let mut session = Session::new(challenged(&["Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\""]).unwrap());
    let accounts = [account("other", "x"), account("a", "b")];
    let inside = session.clone().answer(&accounts[1], "BYE", "sip:disguised", "c").1;
    let outside = session.answer(&accounts[1], "BYE", "sip:real", "c").1;
    assert_eq!(again(&inside, &accounts, "BYE", "sip:real", false), Some(outside));
    assert_eq!(again(&inside, &accounts[..1], "BYE", "sip:real", false), None);
}

#[test]
fn of_two_accounts_of_one_name_the_one_that_made_them_makes_credentials_again() {
    for challenge in ["Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"", "Digest realm=\"r\", nonce=\"n\""] {
        let mut session = Session::new(challenged(&[challenge]).unwrap());
        let accounts = [account("112", "first"), account("112", "second")];
        let inside = session.clone().answer(&accounts[1], "INVITE", "sip:disguised", "c").1;
        let outside = session.answer(&accounts[1], "INVITE", "sip:real", "c").1;
        assert_eq!(again(&inside, &accounts, "INVITE", "sip:real", true), Some(outside), "{challenge}");
    }
}

#[test]
fn a_session_algorithm_covers_both_nonces() {
    let challenge = challenged(&["Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess, qop=\"auth\""]).unwrap();
    let algorithm = challenge.algorithm;
    let (_, value) = Session::new(challenge).answer(&account("u", "p"), "REGISTER", "sip:r", "c");
    let secret = algorithm.digest(&format!("{}:n:c", algorithm.digest("u:r:p")));
    let request = algorithm.digest("REGISTER:sip:r");
    assert_eq!(response(&value), algorithm.digest(&format!("{secret}:n:00000001:c:auth:{request}")));
}

proptest! {
    #[test]
    fn no_challenge_makes_it_panic(value in "\\PC{0,80}") {
        let _ = challenged(&[&value, &format!("Digest {value}")]);
        let _ = again(&format!("Digest {value}"), &[account("a", "b")], "BYE", "sip:x", false);
    }
}
