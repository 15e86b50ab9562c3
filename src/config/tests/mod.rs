mod bad_files;
mod ca;
mod collisions;
mod combinations;
mod cover;
mod edit;
mod example;
mod good_files;
mod image_option;
mod never_panics;
mod reach;
mod region;
mod ui_certificate;
mod values;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

/// A JSON Schema, ready to judge values.
struct Compiled {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Compiled {
    fn new(schema: Value) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("plan-file.json", schema).unwrap();
        let index = compiler.compile("plan-file.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    /// What it has against a value, if anything.
    fn complaint(&self, value: &Value) -> Option<String> {
        self.schemas.validate(value, self.index).err().map(|error| format!("{error:#}"))
    }
}
