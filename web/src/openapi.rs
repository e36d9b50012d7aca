//! The description of the API, from which the console's client is generated.

use crate::error::Problem;
use crate::routes;
use utoipa::openapi::{Components, ContentBuilder, Info, OpenApi, Ref, RefOr, Response as ApiResponse, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

/// The whole document as indented JSON, ending with a line feed.
pub fn document() -> String {
    let mut document = described();
    document.info = Info::new("Siaga", env!("CARGO_PKG_VERSION"));
    // A document of our own types is always writable as JSON; an empty one would fail the test that compares it.
    let text = document.to_pretty_json().unwrap_or_default();
    text + "\n"
}

fn described() -> OpenApi {
    let mut document = routes::quick().into_openapi();
    document.merge(routes::exports().into_openapi());
    let refusal = RefOr::T(refusal());
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.entry("default".to_owned()).or_insert_with(|| refusal.clone());
        }
    }
    let components = document.components.get_or_insert_with(Components::new);
    let mut schemas = Vec::new();
    Problem::schemas(&mut schemas);
    schemas.push((Problem::name().into_owned(), Problem::schema()));
    components.schemas.extend(schemas);
    document
}

/// Every operation may answer with a refusal.
fn refusal() -> ApiResponse {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    ResponseBuilder::new().description("What to do instead").content("application/json", body).build()
}
