//! Lua's own sources: where cargo put them, and the order in which one C file includes them all.

use std::path::PathBuf;

/// The folder of Lua 5.4.9 inside the pinned `lua-src` crate.
///
/// # Panics
/// When cargo cannot say where the crate is; a build script has no better way to report it.
pub(crate) fn locate() -> PathBuf {
    // Everything is usually on disk already. A first build of this crate alone is the exception: cargo
    // fetched what it compiles, but `cargo metadata` wants the whole workspace's packages.
    let metadata = metadata(&["--offline"])
        .or_else(|_| metadata(&[]))
        .unwrap_or_else(|error| panic!("cannot find the lua-src crate with `cargo metadata`: {error}"));
    let package = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == "lua-src")
        .expect("lua-src is a build dependency");
    let folder = package.manifest_path.with_file_name("lua-5.4.9");
    assert!(folder.is_dir(), "lua-src has no folder lua-5.4.9 at {folder}");
    folder.into()
}

fn metadata(options: &[&str]) -> cargo_metadata::Result<cargo_metadata::Metadata> {
    let target = std::env::var("TARGET").expect("cargo sets TARGET");
    cargo_metadata::MetadataCommand::new()
        .manifest_path(crate::crate_folder().join("Cargo.toml"))
        // The packages of other platforms are not wanted, nor present.
        .other_options(
            options.iter().copied().chain(["--filter-platform", &target]).map(String::from).collect::<Vec<_>>(),
        )
        .exec()
}

/// Every file that the one C file includes, in the order of Lua's own `onelua.c`.
pub(crate) const CORE: &[&str] = &[
    "lzio.c",
    "lctype.c",
    "lopcodes.c",
    "lmem.c",
    "lundump.c",
    "ldump.c",
    "lstate.c",
    "lgc.c",
    "llex.c",
    "lcode.c",
    "lparser.c",
    "ldebug.c",
    "lfunc.c",
    "lobject.c",
    "ltm.c",
    "lstring.c",
    "ltable.c",
    "ldo.c",
    "lvm.c",
    "lapi.c",
    "lauxlib.c",
];

/// The standard libraries, after the core.
pub(crate) const LIBRARIES: &[&str] = &[
    "lbaselib.c",
    "lcorolib.c",
    "ldblib.c",
    "liolib.c",
    "lmathlib.c",
    "loadlib.c",
    "loslib.c",
    "lstrlib.c",
    "ltablib.c",
    "lutf8lib.c",
    "linit.c",
];
