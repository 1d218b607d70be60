//! Rules about the sources that no compiler checks.

use std::path::{Path, PathBuf};

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

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn only_the_binding_names_napi() {
    let mut in_binding = 0;
    for file in rust_files(&source()) {
        let names = std::fs::read_to_string(&file).expect("a readable file").contains("napi");
        if file.starts_with(source().join("binding")) {
            in_binding += usize::from(names);
        } else {
            assert!(!names, "{} names napi", file.display());
        }
    }
    assert!(in_binding > 0, "the search finds what it looks for");
}

#[test]
fn every_file_opens_with_the_line_that_says_what_it_is_for() {
    for folder in ["src", "lua/src", "lua/build", "lua/tests", "tests"] {
        for file in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
            let text = std::fs::read_to_string(&file).expect("a readable file");
            assert!(text.starts_with("//! "), "{} does not open with //!", file.display());
        }
    }
}
