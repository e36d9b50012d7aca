//! `docs/configuration.md`, written from the tables beside the structs.

use super::{PHONE_SECTION, PHONES_SECTION, SECTIONS, Section, TRUNK_SECTION};
use std::fmt::Write;

const HEAD: &str = "# Configuration

This page is written by `siaga configuration`; a test compares it with the code.

Siaga reads one TOML file: `siaga serve --config siaga.toml`. Every key can also be given by the environment, sections and keys joined by two
underscores: `SIAGA_WEB__LISTEN=127.0.0.1:8443`. The environment wins. `siaga check --config siaga.toml` says in one line what is missing or wrong.

The smallest file that takes calls:

```toml
[media]
address = \"192.168.1.10\"

[[sip.trunk]]
name = \"carrier\"
peers = [\"203.0.113.10\"]
```
";

/// The whole page.
pub fn document() -> String {
    let mut page = HEAD.to_string();
    for section in SECTIONS {
        table(&mut page, section, &format!("[{}]", section.name));
        if section.name == "sip" {
            table(&mut page, &TRUNK_SECTION, "[[sip.trunk]]");
            table(&mut page, &PHONES_SECTION, "[sip.phones]");
            table(&mut page, &PHONE_SECTION, "[[sip.phone]]");
        }
    }
    page
}

fn table(page: &mut String, section: &Section, title: &str) {
    // Writing to a String cannot fail.
    let _ = write!(page, "\n## `{title}`\n\n{}\n\n| key | default | meaning |\n|---|---|---|\n", section.meaning);
    for key in section.keys {
        let default = if key.default.is_empty() { "-".to_string() } else { format!("`{}`", key.default) };
        let _ = writeln!(page, "| `{}` | {default} | {} |", key.name, key.meaning.replace('|', "\\|"));
    }
}
