//! Puts a page in place of the console if that has not been built, so that the server compiles without Node.

use std::path::Path;

const PLACEHOLDER: &str = "<!doctype html><meta charset=\"utf-8\"><title>Siaga</title>\
<p>The console is not built into this server. Run <code>npm ci &amp;&amp; npm run build</code> in <code>web/ui</code>, \
then build the server again.</p>\n";

fn main() {
    let dist = Path::new("ui/dist");
    let page = dist.join("index.html");
    if !page.exists() {
        let written = std::fs::create_dir_all(dist).and_then(|()| std::fs::write(&page, PLACEHOLDER));
        if let Err(error) = written {
            println!("cargo::error=web/ui/dist cannot be written: {error}");
        }
    }
    println!("cargo::rerun-if-changed=ui/dist");
    println!("cargo::rerun-if-changed=build.rs");
}
