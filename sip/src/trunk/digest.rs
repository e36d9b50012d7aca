//! Digest authentication as a client (RFC 7616, RFC 8760, RFC 3261 section 22): challenges in, credentials out. Pure. What a server does with
//! credentials is in `phone::proof`.
//!
//! MD5 and SHA-256 with `qop=auth` or without qop. The body is never covered: nothing asks for `auth-int` alone.

use crate::config::Account;
use crate::message::Fields;
use md5::Md5;
use sha2::{Digest, Sha256};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Md5,
    Sha256,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Algorithm {
    hash: Hash,
    /// `-sess`: the first hash covers the nonces, too.
    session: bool,
    pub name: &'static str,
}

const ALGORITHMS: [Algorithm; 4] = [
    Algorithm { hash: Hash::Md5, session: false, name: "MD5" },
    Algorithm { hash: Hash::Md5, session: true, name: "MD5-sess" },
    Algorithm { hash: Hash::Sha256, session: false, name: "SHA-256" },
    Algorithm { hash: Hash::Sha256, session: true, name: "SHA-256-sess" },
];

impl Algorithm {
    /// A challenge without algorithm means MD5 (RFC 7616 section 3.3).
    pub(crate) fn named(name: Option<&str>) -> Option<Self> {
        let name = name.unwrap_or("MD5");
        ALGORITHMS.into_iter().find(|algorithm| algorithm.name.eq_ignore_ascii_case(name))
    }

    fn digest(self, text: &str) -> String {
        match self.hash {
            Hash::Md5 => hex(&Md5::digest(text.as_bytes())),
            Hash::Sha256 => hex(&Sha256::digest(text.as_bytes())),
        }
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// What a carrier asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// It names the algorithm, so the answer must.
    named: bool,
    qop: bool,
    /// Only the nonce is too old; the password was right.
    pub stale: bool,
    /// A proxy asks (407), not the server itself (401).
    proxy: bool,
}

impl Challenge {
    /// The first challenge of a 401 or 407 that can be answered: the topmost is the one that the carrier prefers (RFC 8760 section 2.4).
    pub(crate) fn of(fields: &Fields, code: u16) -> Option<Challenge> {
        let proxy = code == 407;
        fields.all(field_of(proxy)).find_map(|value| Challenge::read(value, proxy))
    }

    fn read(value: &str, proxy: bool) -> Option<Challenge> {
        let parameters = Parameters::read(value)?;
        let given = parameters.get("algorithm");
        let qop = parameters.get("qop").filter(|qop| !qop.trim().is_empty());
        let auth = qop.is_some_and(|qop| qop.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")));
        if qop.is_some() && !auth {
            return None;
        }
        Some(Challenge {
            realm: parameters.get("realm")?.to_owned(),
            nonce: parameters.get("nonce").filter(|nonce| !nonce.is_empty())?.to_owned(),
            opaque: parameters.get("opaque").map(str::to_owned),
            algorithm: Algorithm::named(given)?,
            named: given.is_some(),
            qop: auth,
            stale: parameters.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            proxy,
        })
    }

    /// As one header field value that every reader understands alike.
    fn value(&self) -> String {
        let mut out = format!("Digest realm={}, nonce={}", quoted(&self.realm), quoted(&self.nonce));
        if let Some(opaque) = &self.opaque {
            out.push_str(&format!(", opaque={}", quoted(opaque)));
        }
        if self.stale {
            out.push_str(", stale=true");
        }
        out.push_str(&format!(", algorithm={}", self.algorithm.name));
        if self.qop {
            out.push_str(", qop=\"auth\"");
        }
        out
    }
}

fn field_of(proxy: bool) -> &'static str {
    if proxy { "Proxy-Authenticate" } else { "WWW-Authenticate" }
}

/// Leaves of a challenge's fields only the one that is answered, in the plainest words: the SIP stack reads the first and gives up on what it
/// does not know.
pub(crate) fn narrow(fields: &mut Fields, code: u16) {
    if let Some(challenge) = Challenge::of(fields, code) {
        fields.set(field_of(challenge.proxy), challenge.value());
    }
}

/// A challenge being answered, once or more often: a nonce serves until the carrier says that it is stale, with a growing count.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    challenge: Challenge,
    count: u32,
}

impl Session {
    pub(crate) fn new(challenge: Challenge) -> Self {
        Session { challenge, count: 0 }
    }

    /// The next nonce, where a 2xx brings one (`Authentication-Info`, RFC 7616 section 3.5).
    pub(crate) fn learn(&mut self, fields: &Fields) {
        let info = if self.challenge.proxy { "Proxy-Authentication-Info" } else { "Authentication-Info" };
        let next = fields.first(info).and_then(Parameters::of).and_then(|all| all.get("nextnonce").map(str::to_owned));
        if let Some(next) = next.filter(|next| !next.is_empty() && *next != self.challenge.nonce) {
            self.challenge.nonce = next;
            self.count = 0;
        }
    }

    /// Name and value of the header field for a request.
    pub(crate) fn answer(&mut self, account: &Account, method: &str, uri: &str, cnonce: &str) -> (&'static str, String) {
        self.count = self.count.saturating_add(1);
        let name = if self.challenge.proxy { "Proxy-Authorization" } else { "Authorization" };
        (name, credentials(&self.challenge, self.count, account, method, uri, cnonce))
    }
}

fn credentials(challenge: &Challenge, count: u32, account: &Account, method: &str, uri: &str, cnonce: &str) -> String {
    let Challenge { realm, nonce, opaque, algorithm, named, qop, .. } = challenge;
    let username = account.login();
    let counted = qop.then_some((count, cnonce));
    let response = Question { algorithm: *algorithm, realm, nonce, method, uri }.response(account, counted, cnonce);
    let mut out = format!(
        "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
        quoted(username),
        quoted(realm),
        quoted(nonce),
        quoted(uri)
    );
    if *named {
        out.push_str(&format!(", algorithm={}", algorithm.name));
    }
    if let Some(opaque) = opaque {
        out.push_str(&format!(", opaque={}", quoted(opaque)));
    }
    if *qop {
        out.push_str(&format!(", qop=auth, nc={count:08x}, cnonce={}", quoted(cnonce)));
    } else if algorithm.session {
        out.push_str(&format!(", cnonce={}", quoted(cnonce)));
    }
    out
}

/// What a response answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub algorithm: Algorithm,
    pub realm: &'a str,
    pub nonce: &'a str,
    pub method: &'a str,
    pub uri: &'a str,
}

impl Question<'_> {
    /// The `response` of an account. `counted`: with `qop=auth`, the nonce's count and the client's own nonce.
    pub(crate) fn response(&self, account: &Account, counted: Option<(u32, &str)>, cnonce: &str) -> String {
        let Question { algorithm, realm, nonce, method, uri } = self;
        let mut secret = algorithm.digest(&format!("{}:{realm}:{}", account.login(), account.password.0));
        if algorithm.session {
            secret = algorithm.digest(&format!("{secret}:{nonce}:{cnonce}"));
        }
        let request = algorithm.digest(&format!("{method}:{uri}"));
        match counted {
            Some((count, cnonce)) => algorithm.digest(&format!("{secret}:{nonce}:{count:08x}:{cnonce}:auth:{request}")),
            None => algorithm.digest(&format!("{secret}:{nonce}:{request}")),
        }
    }
}

/// Credentials that were made for another Request-URI than the one that leaves (see `message::target`), made again for this one. `None`: they
/// are nobody's of `accounts`, or no Digest.
pub(crate) fn again<'a>(
    value: &str,
    accounts: impl IntoIterator<Item = &'a Account>,
    method: &str,
    uri: &str,
    proxy: bool,
) -> Option<String> {
    let given = Parameters::read(value)?;
    let username = given.get("username")?;
    let counted = |count: &str| u32::from_str_radix(count, 16).ok();
    let (count, cnonce) = (given.get("nc").and_then(counted).unwrap_or(1), given.get("cnonce").unwrap_or_default());
    let made = Question {
        algorithm: Algorithm::named(given.get("algorithm"))?,
        realm: given.get("realm")?,
        nonce: given.get("nonce")?,
        method,
        uri: given.get("uri").unwrap_or_default(),
    };
    // Two carriers may have given us the same name with a password each: whose they are is seen by what they were made of.
    let made_by = |account: &&Account| {
        let counted = given.get("qop").is_some().then_some((count, cnonce));
        Some(made.response(account, counted, cnonce).as_str()) == given.get("response")
    };
    let named: Vec<&Account> = accounts.into_iter().filter(|account| account.login() == username).collect();
    let account = named.iter().copied().find(made_by).or(named.first().copied())?;
    let challenge = Challenge {
        realm: given.get("realm")?.to_owned(),
        nonce: given.get("nonce")?.to_owned(),
        opaque: given.get("opaque").map(str::to_owned),
        algorithm: Algorithm::named(given.get("algorithm"))?,
        named: given.get("algorithm").is_some(),
        qop: given.get("qop").is_some(),
        stale: false,
        proxy,
    };
    Some(credentials(&challenge, count, account, method, uri, cnonce))
}

pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `name=value` pairs between commas, values as tokens or quoted.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// After the scheme `Digest`.
    pub(crate) fn read(value: &str) -> Option<Self> {
        let (scheme, rest) = value.trim().split_once(char::is_whitespace)?;
        if scheme.eq_ignore_ascii_case("Digest") { Parameters::of(rest) } else { None }
    }

    fn of(text: &str) -> Option<Self> {
        let mut all = Vec::new();
        let mut rest = text;
        while all.len() < 32 {
            rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
            if rest.is_empty() {
                return Some(Parameters(all));
            }
            let (name, after) = rest.split_once('=')?;
            let (value, after) = value(after.trim_start())?;
            all.push((name.trim().to_owned(), value));
            rest = after;
        }
        None
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// One value and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        let (token, rest) = text.split_at(end);
        return Some((token.trim().to_owned(), rest));
    };
    let (mut out, mut escaped) = (String::new(), false);
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => {
                out.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return inside.get(at + 1..).map(|rest| (out, rest)),
            _ => out.push(c),
        }
    }
    None
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
