//! What the bridges say in a chat, in Indonesian. Pure.
//!
//! Everything that callers, operators or chat accounts wrote is hostile here: it is cleaned of control characters, cut to a
//! length, and escaped where it goes into HTML.

use super::failure::Reason;
use crate::contract::{Position, Progress};
use crate::desk::DispatchCard;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Telegram counts text in UTF-16 units; so do we, everywhere.
struct Limits {
    type_name: usize,
    place: usize,
    event: usize,
    details: usize,
    caller: usize,
    team: usize,
}

/// A Telegram message holds 4096 units.
const TELEGRAM: Limits = Limits { type_name: 80, place: 400, event: 800, details: 1800, caller: 40, team: 160 };

/// The body of an interactive WhatsApp message holds 1024 units.
const WHATSAPP: Limits = Limits { type_name: 60, place: 180, event: 220, details: 220, caller: 30, team: 80 };

/// A name as the chat account shows it.
const NAME_MAX: usize = 64;

/// The dispatch as Telegram HTML. The incident number comes first: Telegram knows no idempotency key, so that people must be
/// able to see that two messages are the same dispatch.
pub fn dispatch_html(card: &DispatchCard) -> String {
    let lines = lines(card, &TELEGRAM);
    let mut text = format!("🚨 <b>{}</b> · <b>{}</b>", escape(&lines.number), escape(&lines.type_name));
    for (label, value) in &lines.facts {
        text.push_str(&format!("\n<b>{label}:</b> {}", escape(value)));
    }
    if let Some(link) = map_link(card.position) {
        text.push_str(&format!("\n<a href=\"{}\">Buka peta</a>", escape(&link)));
    }
    text
}

/// The dispatch as plain text for WhatsApp, at most 1024 units.
pub fn dispatch_plain(card: &DispatchCard) -> String {
    let lines = lines(card, &WHATSAPP);
    let mut text = format!("🚨 {} · {}", lines.number, lines.type_name);
    for (label, value) in &lines.facts {
        text.push_str(&format!("\n{label}: {value}"));
    }
    if let Some(link) = map_link(card.position) {
        text.push_str(&format!("\n{link}"));
    }
    text
}

/// The parameters of the WhatsApp template, in their order: number, type, place, event, caller's number, details, map link.
/// A parameter may not be empty and may hold no line break.
pub fn template_parameters(card: &DispatchCard) -> [String; 7] {
    let line = |value: &str, max| {
        let value = on_one_line(&clean(value, max));
        if value.is_empty() { "-".to_owned() } else { value }
    };
    [
        line(&card.incident_number, 40),
        line(type_name(card), WHATSAPP.type_name),
        line(&card.place, WHATSAPP.place),
        line(&card.event, WHATSAPP.event),
        line(card.caller_number.as_deref().unwrap_or_default(), WHATSAPP.caller),
        line(&card.details, WHATSAPP.details),
        line(&map_link(card.position).unwrap_or_default(), 100),
    ]
}

/// A line that says who reported what, and when: `✅ Menuju lokasi — Budi, 14.32 WIB`.
pub fn status(progress: Progress, by: &str, at: Timestamp, zone: &TimeZone) -> String {
    let time = at.to_zoned(zone.clone()).strftime("%H.%M %Z").to_string();
    let name = on_one_line(&clean(by, NAME_MAX));
    if name.is_empty() {
        format!("✅ {} — {time}", step(progress))
    } else {
        format!("✅ {} — {name}, {time}", step(progress))
    }
}

/// The dispatch with its last status below, as Telegram HTML.
pub fn dispatch_with_status_html(card: &DispatchCard, status: &str) -> String {
    format!("{}\n\n<b>{}</b>", dispatch_html(card), escape(status))
}

/// The name of a state, as buttons and sentences use it; at most 20 units, the limit of a WhatsApp button.
pub fn step(progress: Progress) -> &'static str {
    match progress {
        Progress::Pending => "Menunggu kirim",
        Progress::Sent => "Terkirim",
        Progress::Delivered => "Sampai",
        Progress::Read => "Dibaca",
        Progress::Acknowledged => "Diterima",
        Progress::EnRoute => "Menuju lokasi",
        Progress::Arrived => "Tiba",
        Progress::Done => "Selesai",
    }
}

/// The short answer to a press that was recorded, or that came after a later one.
pub fn noted(pressed: Progress, now: Progress) -> String {
    if pressed == now { format!("Dicatat: {}", step(now)) } else { format!("Status sudah: {}", step(now)) }
}

/// Asks for the last step; goes with the button "Selesai".
pub fn ask_done(number: &str, status: &str) -> String {
    format!("{status}\nKejadian {}. Tekan Selesai setelah penanganan selesai.", on_one_line(&clean(number, 40)))
}

/// The confirmation of a press on WhatsApp, where a sent message cannot be changed.
pub fn confirmation(number: &str, status: &str) -> String {
    format!("{status}\nKejadian {}.", on_one_line(&clean(number, 40)))
}

pub const PRESS_FOREIGN: &str = "Ditolak: chat ini bukan chat tim yang ditugaskan. Minta pusat 112 menautkan ulang chat tim.";
pub const PRESS_STALE: &str = "Tombol ini tidak berlaku lagi. Hubungi pusat 112 bila masih di lokasi.";
pub const PRESS_FAILED: &str = "Belum tercatat. Tekan sekali lagi, atau hubungi pusat 112.";
pub const START_HELP: &str = "Ini bot penugasan pusat panggilan darurat 112. Untuk menautkan chat tim, minta tautan dari pusat 112, \
    lalu buka tautan itu di chat ini.";
pub const START_REFUSED: &str = "Tautan ini tidak berlaku atau sudah kedaluwarsa. Minta tautan baru dari pusat 112.";
pub const START_FAILED: &str = "Chat belum tertaut karena gangguan. Coba lagi sebentar lagi.";

/// The answer to a chat that was linked. Plain text.
pub fn linked(team: &str) -> String {
    let team = on_one_line(&clean(team, 80));
    format!("Chat ini sekarang menerima penugasan untuk tim {team}. Tekan tombol pada setiap pesan untuk melapor.")
}

/// Why a message did not arrive and what to do, for the operator's screen.
pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::ChannelOff => "Saluran ini belum diatur di server; telepon tim, lalu hubungi administrator.".into(),
        Reason::NoAddress => "Tim belum punya chat atau nomor di saluran ini; telepon tim dan tautkan chatnya.".into(),
        Reason::ChatNotFound => "Chat tim tidak ditemukan; telepon tim dan tautkan ulang chatnya.".into(),
        Reason::Blocked => "Bot diblokir atau dikeluarkan dari chat tim; telepon tim dan tautkan ulang chatnya.".into(),
        Reason::ChatMoved => "Grup tim baru saja berganti menjadi supergrup; dikirim ulang ke grup barunya.".into(),
        Reason::TokenRefused => "Token layanan chat ditolak; telepon tim, lalu hubungi administrator.".into(),
        Reason::Undeliverable => "Nomor tim tidak dapat menerima pesan; telepon tim atau pakai saluran lain.".into(),
        Reason::Restricted => "Layanan chat membatasi nomor pusat; telepon tim, lalu hubungi administrator.".into(),
        Reason::Template => "Templat pesan WhatsApp ditolak; telepon tim, lalu hubungi administrator.".into(),
        Reason::OutsideWindow => "Di luar jendela 24 jam WhatsApp; pesan dikirim ulang dengan templat.".into(),
        Reason::RateLimited => "Layanan chat meminta menunggu; dikirim ulang otomatis.".into(),
        Reason::ServiceFailing(code) => format!("Layanan chat sedang terganggu ({code}); dikirim ulang otomatis."),
        Reason::Network => "Layanan chat tidak terhubung; dikirim ulang otomatis.".into(),
        Reason::TimedOut => "Layanan chat tidak menjawab; dikirim ulang otomatis dan mungkin tiba dua kali.".into(),
        Reason::BadAnswer => "Jawaban layanan chat tidak dikenali; dikirim ulang otomatis.".into(),
        Reason::Refused(code) => format!("Layanan chat menolak pesan ({code}); telepon tim."),
        Reason::RefusedInWords(words) => {
            format!("Layanan chat menolak pesan ({}); telepon tim.", on_one_line(&clean(words, 120)))
        }
    }
}

/// A link that opens the place in whatever map the phone has; `None` without a position on Earth.
pub fn map_link(position: Option<Position>) -> Option<String> {
    let position = on_earth(position)?;
    Some(format!("https://www.google.com/maps/search/?api=1&query={:.6},{:.6}", position.latitude, position.longitude))
}

/// The position, if its numbers can be one.
pub fn on_earth(position: Option<Position>) -> Option<Position> {
    position.filter(|at| (-90.0..=90.0).contains(&at.latitude) && (-180.0..=180.0).contains(&at.longitude))
}

/// A title for the pin on the map: the place in the operator's words, or the incident's number.
pub fn pin(card: &DispatchCard) -> (String, String) {
    let place = on_one_line(&clean(&card.place, 200));
    let number = on_one_line(&clean(&card.incident_number, 40));
    let title = if place.is_empty() { number.clone() } else { clean(&place, 100) };
    let address = if place.is_empty() { number } else { format!("{number} · {place}") };
    (title, address)
}

struct Lines {
    number: String,
    type_name: String,
    facts: Vec<(&'static str, String)>,
}

/// The incident's type; one that the operator has not chosen yet is still an emergency.
fn type_name(card: &DispatchCard) -> &str {
    card.type_name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or("Keadaan darurat")
}

fn lines(card: &DispatchCard, limits: &Limits) -> Lines {
    let team = match (clean(&card.team_name, limits.team / 2), clean(&card.agency_name, limits.team / 2)) {
        (team, agency) if agency.is_empty() => team,
        (team, agency) => format!("{team} ({agency})"),
    };
    let facts = [
        ("Tempat", clean(&card.place, limits.place)),
        ("Kejadian", clean(&card.event, limits.event)),
        ("Pelapor", clean(card.caller_number.as_deref().unwrap_or_default(), limits.caller)),
        ("Keterangan", clean(&card.details, limits.details)),
        ("Tim", team),
    ];
    Lines {
        number: on_one_line(&clean(&card.incident_number, 40)),
        type_name: on_one_line(&clean(type_name(card), limits.type_name)),
        facts: facts.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
    }
}

/// Text without control characters and without the marks that turn the direction of writing, cut to `max` UTF-16 units.
pub fn clean(text: &str, max: usize) -> String {
    let turns = |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}');
    let kept: String = text
        .trim()
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| *c == '\n' || !(c.is_control() || turns(*c)))
        .collect();
    let kept = kept.trim();
    if kept.encode_utf16().count() <= max {
        return kept.to_owned();
    }
    let mut room = max.saturating_sub(1);
    let mut cut: String = kept
        .chars()
        .take_while(|c| {
            let fits = c.len_utf16() <= room;
            room = room.saturating_sub(c.len_utf16());
            fits
        })
        .collect();
    cut.push('…');
    cut
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
