use super::media::Media;
use super::sip::{Phone, Phones};
use super::*;

fn load(text: &str) -> Result<Config, ConfigError> {
    let config: Config = Figment::from(Serialized::defaults(Config::default())).merge(Toml::string(text)).extract()?;
    config.check().map(|()| config)
}

#[test]
fn the_documented_keys_are_exactly_those_of_the_structs_with_their_defaults() {
    let defaults = serde_json::to_value(Config::default()).unwrap();
    for section in SECTIONS {
        let fields = defaults[section.name].as_object().unwrap();
        let documented: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
        let mut actual: Vec<&str> = fields.keys().map(String::as_str).collect();
        let mut sorted = documented.clone();
        actual.sort_unstable();
        sorted.sort_unstable();
        assert_eq!(sorted, actual, "section [{}]", section.name);
        for key in section.keys {
            let written = if key.default.is_empty() {
                serde_json::Value::Null
            } else {
                serde_json::to_value(toml_value(key.default)).unwrap()
            };
            assert_eq!(fields[key.name], written, "default of {}.{}", section.name, key.name);
        }
    }
    assert_eq!(SECTIONS.len(), defaults.as_object().unwrap().len());

    let trunk: Trunk = Figment::from(Toml::string("name = 'carrier'")).extract().unwrap();
    let fields = serde_json::to_value(trunk).unwrap();
    for key in TRUNK_SECTION.keys.iter().filter(|key| !key.default.is_empty()) {
        assert_eq!(fields[key.name], serde_json::to_value(toml_value(key.default)).unwrap(), "default of sip.trunk.{}", key.name);
    }
    let mut actual: Vec<&str> = fields.as_object().unwrap().keys().map(String::as_str).collect();
    let mut documented: Vec<&str> = TRUNK_SECTION.keys.iter().map(|key| key.name).collect();
    actual.sort_unstable();
    documented.sort_unstable();
    assert_eq!(documented, actual, "[[sip.trunk]]");
}

#[test]
fn the_documented_keys_of_phones_are_those_of_the_structs() {
    let phone: Phone = Figment::from(Toml::string("name = 'meja-1'")).extract().unwrap();
    for (section, fields) in [
        (PHONES_SECTION, serde_json::to_value(Phones::default()).unwrap()),
        (PHONE_SECTION, serde_json::to_value(phone).unwrap()),
    ] {
        let mut actual: Vec<&str> = fields.as_object().unwrap().keys().map(String::as_str).collect();
        let mut documented: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
        actual.sort_unstable();
        documented.sort_unstable();
        assert_eq!(documented, actual, "[{}]", section.name);
        for key in section.keys.iter().filter(|key| !key.default.is_empty()) {
            let written = serde_json::to_value(toml_value(key.default)).unwrap();
            assert_eq!(fields[key.name], written, "default of {}.{}", section.name, key.name);
        }
    }
}

#[test]
fn phones_are_read_with_their_passwords_from_either_place_and_none_is_shown() {
    let config = load(
        "[media]\naddress = \"127.0.0.1\"\n[sip.phones]\nnetworks = [\"192.168.10.0/24\"]\npasswords = { meja-2 = \"rahasia-dua\" }\n\
         [[sip.phone]]\nname = \"meja-1\"\npassword = \"rahasia-satu\"\noperator = \"ayu\"\n[[sip.phone]]\nname = \"meja-2\"",
    )
    .unwrap();
    let checked = config.sip.checked().unwrap();
    let passwords: Vec<&str> = checked.phones.phones.iter().map(|phone| phone.password.0.as_str()).collect();
    assert_eq!(passwords, ["rahasia-satu", "rahasia-dua"]);
    assert!(!format!("{config:?} {checked:?}").contains("rahasia"));
}

fn toml_value(text: &str) -> figment::value::Value {
    Figment::from(Toml::string(&format!("v = {text}"))).extract_inner("v").unwrap()
}

#[test]
fn the_page_in_docs_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == document(), "docs/configuration.md is stale; run `cargo run -- configuration > docs/configuration.md`");
}

#[test]
fn a_second_media_address_is_one_of_the_other_family() {
    let with = |other: &str| {
        let media = Media { address: Some([192, 0, 2, 1].into()), other_address: other.parse().ok(), ..Media::default() };
        media.checked().map(|checked| (checked.other_address, media.families()))
    };
    assert_eq!(with("2001:db8::1").unwrap(), ("2001:db8::1".parse().ok(), ::sip::Families::Both));
    assert_eq!(with("none").unwrap(), (None, ::sip::Families::Ipv4));
    for wrong in ["192.0.2.2", "::", "::ffff:192.0.2.2", "fe80::1", "ff02::1"] {
        assert_eq!(with(wrong).unwrap_err().key, "media.other_address", "{wrong}");
    }
}

#[test]
fn a_missing_media_address_names_the_key_and_the_remedy() {
    let error = load("").unwrap_err();
    assert_eq!(error.key, "media.address");
    assert!(error.remedy.contains("192.168.1.10"));
    assert!(!error.to_string().contains('\n'));
}

#[test]
fn wrong_settings_are_one_line_that_names_the_key() {
    let cases = [
        ("[media]\naddress = \"127.0.0.1\"\n[web]\nlisten = \"nowhere\"", "web.listen"),
        ("[media]\naddress = \"127.0.0.1\"\n[web]\ntls = \"on\"", "web.tls"),
        ("[media]\naddress = \"127.0.0.1\"\nrtp_ports = \"20000\"", "media.rtp_ports"),
        ("[media]\naddress = \"127.0.0.1\"\nwebrtc_port = 20002", "media.webrtc_port"),
        ("[media]\naddress = \"127.0.0.1\"\n[sip]\nlisten = [\"http://x\"]", "sip.listen"),
        ("[media]\naddress = \"127.0.0.1\"\n[[sip.trunk]]\nname = \"a\"\npeers = [\"300.1.1.1\"]", "sip.trunk.peers"),
        ("[media]\naddress = \"127.0.0.1\"\n[[sip.trunk]]\nname = \"a\"", "sip.trunk.peers"),
        ("[media]\naddress = \"127.0.0.1\"\n[[sip.trunk]]\nname = \"a\"\nproxy = \"http://x\"", "sip.trunk.proxy"),
        ("[media]\naddress = \"127.0.0.1\"\n[[sip.trunk]]\nname = \"a\"\nregistrars = [\"1.2.3\"]", "sip.trunk.registrars"),
        ("[media]\naddress = \"127.0.0.1\"\n[[sip.trunk]]\nname = \"a\"\nregistrars = [\"10.0.0.1\"]", "sip.trunk.username"),
        ("[media]\naddress = \"127.0.0.1\"\n[sip]\ncountry_code = \"+62\"", "sip.country_code"),
        (
            "[media]\naddress = \"127.0.0.1\"\n[[sip.trunk]]\nname = \"a\"\nproxy = \"10.0.0.1\"\nnumbers = \"plain\"",
            "sip.country_code",
        ),
        (
            "[media]\naddress = \"127.0.0.1\"\n[[sip.trunk]]\nname = \"a\"\nproxy = \"10.0.0.1\"\nusername = \"u\"",
            "sip.trunk.password",
        ),
        (
            "[media]\naddress = \"127.0.0.1\"\n[[sip.trunk]]\nname = \"a\"\nproxy = \"10.0.0.1\"\nusername = \"u@h\"\npassword = \"p\"",
            "sip.trunk.username",
        ),
        (
            "[media]\naddress = \"127.0.0.1\"\n[[sip.trunk]]\nname = \"a\"\nproxy = \"10.0.0.1\"\ncaller_id = \"account\"",
            "sip.trunk.username",
        ),
        ("[media]\naddress = \"127.0.0.1\"\n[sip]\nlisten = [\"tls://0.0.0.0:5061\"]", "sip.tls_certificate"),
        ("[media]\naddress = \"127.0.0.1\"\n[sip]\ntls_certificate = \"/nowhere.pem\"", "sip.tls_key"),
        (
            "[media]\naddress = \"127.0.0.1\"\n[sip]\ntls_certificate = \"/nowhere.pem\"\ntls_key = \"/nowhere.key\"",
            "sip.tls_certificate",
        ),
        ("[media]\naddress = \"127.0.0.1\"\n[sip]\ntls_ca = \"/nowhere.pem\"", "sip.tls_ca"),
        (
            "[media]\naddress = \"127.0.0.1\"\n[[sip.phone]]\nname = \"meja-1\"\npassword = \"rahasia-satu\"",
            "sip.phones.networks",
        ),
        ("[media]\naddress = \"127.0.0.1\"\n[sip.phones]\nnetworks = [\"x\"]", "sip.phones.networks"),
        ("[media]\naddress = \"127.0.0.1\"\n[sip.phones]\ndigests = []", "sip.phones.digests"),
        (
            "[media]\naddress = \"127.0.0.1\"\n[sip.phones]\nmin_expires_seconds = 90\nmax_expires_seconds = 60",
            "sip.phones.min_expires_seconds",
        ),
        (
            "[media]\naddress = \"127.0.0.1\"\n[sip.phones]\nnetworks = [\"10.0.0.0/8\"]\n[[sip.phone]]\nname = \"Meja 1\"\npassword = \"rahasia-satu\"",
            "sip.phone.name",
        ),
        (
            "[media]\naddress = \"127.0.0.1\"\n[sip.phones]\nnetworks = [\"10.0.0.0/8\"]\n[[sip.phone]]\nname = \"meja-1\"\npassword = \"pendek\"",
            "sip.phone.password",
        ),
        ("[media]\naddress = \"127.0.0.1\"\n[database]\nurl = \"mysql://x\"", "database.url"),
        ("[media]\naddress = \"127.0.0.1\"\n[telegram]\ntoken = \"1:x\"\nmode = \"webhook\"", "telegram.webhook_secret"),
        ("[media]\naddress = \"127.0.0.1\"\n[whatsapp]\ntoken = \"x\"", "whatsapp.phone_number_id"),
        ("[media]\naddress = \"127.0.0.1\"\n[aml]\ntoken = \"short\"", "aml.token"),
        ("[media]\naddress = \"127.0.0.1\"\n[city]\nzone = \"Mars\"", "city.zone"),
        ("[media]\naddress = \"127.0.0.1\"\n[queue]\nfallback_number = \"110\"", "queue.fallback_number"),
        ("[media]\naddress = \"127.0.0.1\"\n[queue]\nfallback_numbers = [\"110\"]", "queue.fallback_number"),
        ("[media]\naddress = \"127.0.0.1\"\n[queue]\noverflow_calls = 3", "queue.fallback_number"),
        ("[media]\naddress = \"127.0.0.1\"\n[queue]\nstrategy = \"all\"", "queue.strategy"),
        ("[media]\naddress = \"127.0.0.1\"\n[queue]\nskill_wait_seconds = 61", "queue.skill_wait_seconds"),
        ("[media]\naddress = \"127.0.0.1\"\n[queue]\nwrap_up_seconds = 601", "queue.wrap_up_seconds"),
        ("[media]\naddress = \"127.0.0.1\"\n[queue]\nnuisance_marks = 0", "queue.nuisance_marks"),
        ("[media]\naddress = \"127.0.0.1\"\n[queue]\nservice_levels = []", "queue.service_levels"),
        ("[media]\naddress = \"127.0.0.1\"\n[queue]\nservice_levels = [[15, 101]]", "queue.service_levels"),
        ("[media]\naddress = \"127.0.0.1\"\n[web]\ntrusted_proxies = [\"proxy\"]", "web.trusted_proxies"),
        ("[media]\naddress = \"127.0.0.1\"\n[web]\nlisen = \"x\"", "web.lisen"),
        ("[media]\naddress = 7", "media.address"),
        ("[media]\naddress = \"127.0.0.1\"\n[sip]\nmax_calls = 0", "sip.max_calls"),
        ("[media]\naddress = \"127.0.0.1\"\n[database]\nurl = \"sqlite:x\"", "database.url"),
        ("[media]\naddress = \"127.0.0.1\"\n[cctv]\nafter_seconds = 90000", "cctv.after_seconds"),
        ("[media]\naddress = \"127.0.0.1\"\n[cctv]\nring_minutes = 1", "cctv.ring_minutes"),
        ("[media]\naddress = \"127.0.0.1\"\n[cctv]\nring_gigabytes = 0", "cctv.ring_gigabytes"),
    ];
    for (text, key) in cases {
        let error = load(text).unwrap_err();
        assert_eq!(error.key, key, "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
        assert!(!error.remedy.is_empty());
    }
}

#[test]
fn a_carrier_with_an_account_is_read_whole_and_its_password_is_not_shown() {
    let config = load(
        "[media]\naddress = \"127.0.0.1\"\n[[sip.trunk]]\nname = \"a\"\nproxy = \"sip:sbc.carrier.example;transport=tls\"\nusername = \"siaga112\"\n\
         password = \"hunter2\"\nregistrars = [\"tcp://198.51.100.7\"]\nsrtp = \"required\"\nreliable = \"supported\"\noptions_seconds = 0\ncaller_id = \"account\"",
    )
    .unwrap();
    let checked = config.sip.checked().unwrap();
    let trunk = &checked.trunks[0];
    assert_eq!(trunk.proxy.as_ref().unwrap().to_string(), "tls://sbc.carrier.example:5061");
    assert_eq!((trunk.srtp, trunk.caller_id, trunk.options), (::sip::Srtp::Required, ::sip::CallerId::Account, None));
    assert_eq!(trunk.reliability, ::sip::Reliability::WhenSupported);
    assert_eq!(config.sip.trunk[0].networks().unwrap(), ["198.51.100.7/32".parse().unwrap()]);
    assert!(!format!("{config:?} {checked:?}").contains("hunter2"));
}

#[test]
fn the_smallest_file_of_the_page_is_accepted() {
    let config =
        load("[media]\naddress = \"192.168.1.10\"\n[[sip.trunk]]\nname = \"carrier\"\npeers = [\"203.0.113.10\"]").unwrap();
    assert_eq!(config.sip.trunk.len(), 1);
}
