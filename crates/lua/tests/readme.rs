//! The README explains each edit under its name, and nothing else.

#[test]
fn every_edit_is_explained_in_the_readme() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/build/edits");
    let readme = include_str!("../README.md");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let found = source.split("name: \"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        names.extend(found);
    }
    assert!(names.len() > 10);
    let explained: Vec<_> = readme.lines().filter_map(|line| line.strip_prefix("- **`")?.split('`').next()).collect();
    for name in &names {
        assert!(explained.contains(&name.as_str()), "lua/README.md does not explain '{name}'");
    }
    for name in explained {
        assert!(names.iter().any(|known| known == name), "lua/README.md explains '{name}', which is no edit");
    }
}
