//! Writes the description of the API to `web/openapi.json`, or to standard output with `--print`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let document = web::openapi_document();
    if std::env::args().any(|argument| argument == "--print") {
        print!("{document}");
        return ExitCode::SUCCESS;
    }
    match std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json"), document) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("web/openapi.json cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}
