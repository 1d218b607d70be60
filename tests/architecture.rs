//! Rules about the sources that no compiler checks.

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a readable folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The floors of crates/core, from the top: each may use those below it. The last are the ground, which uses nothing.
const FLOORS: &[&[&str]] = &[
    &["registry"],
    &["scheduler", "host_state"],
    &["vm"],
    &["api"],
    &["bridge"],
    &["value", "regex"],
    &["memory"],
    &["error", "state", "shared"],
    &["runtime"],
];

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// The modules of this crate that a text names, at its top level: `crate::vm::Vm` is `vm`.
fn uses(text: &str) -> impl Iterator<Item = &str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1)).filter_map(|rest| rest.split([':', ';', ' ']).next())
}

#[test]
fn imports_of_the_core_go_down_only() {
    let source = root().join("crates/core/src");
    let mut imports = 0;
    for file in rust_files(&source) {
        let inner = file.strip_prefix(&source).expect("it is in the folder").with_extension("");
        let module = inner.iter().next().and_then(|name| name.to_str()).expect("a name");
        if module == "lib" {
            continue;
        }
        let floor = floor_of(module).unwrap_or_else(|| panic!("{module} is on no floor: add it to FLOORS"));
        let text = std::fs::read_to_string(&file).expect("a readable file");
        for used in uses(&text).filter(|used| *used != module && !used.contains("_function")) {
            let below = floor_of(used).unwrap_or_else(|| panic!("{}: {used} is on no floor", file.display()));
            assert!(below > floor, "{} is on floor {module} and uses {used}, which is not below", file.display());
            imports += 1;
        }
    }
    assert!(imports > 50, "the search finds what it looks for: {imports}");
}

#[test]
fn every_file_opens_with_the_line_that_says_what_it_is_for() {
    for folder in ["src", "tests", "crates"] {
        for file in rust_files(&root().join(folder)) {
            let text = std::fs::read_to_string(&file).expect("a readable file");
            assert!(text.starts_with("//! "), "{} does not open with //!", file.display());
        }
    }
}
