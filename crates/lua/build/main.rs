//! Builds Lua 5.4.9 with the edits of `edits/` applied, as one C file; nothing of Lua is kept here.

mod edit;
mod edits;
mod sources;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=c");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let lua = sources::locate();

    let edited = out.join("edited");
    copy_sources(&lua, &edited);
    apply_edits(&edited);
    let tested = env::var_os("CARGO_FEATURE_STOCK").is_some();
    let mut ours = vec![
        "safepoint.c",
        "bytes.c",
        "parallel.c",
        "stack.c",
        "lifetime.c",
        "library.c",
        "host.c",
        "repeat.c",
        "look.c",
        "like.c",
        "numbers.c",
        "image.c",
    ];
    if tested {
        ours.push("swap.c");
    }
    compile("moonpool_lua", &edited, Symbols::Public, &ours, &out);

    if tested {
        let stock = out.join("stock");
        copy_sources(&lua, &stock);
        compile_cjson(&stock, &out);
        compile("moonpool_lua_stock", &stock, Symbols::Renamed, &["stock.c"], &out);
    }
}

/// Compiles lua-cjson for unedited Lua.
fn compile_cjson(lua: &Path, out: &Path) {
    println!("cargo:rerun-if-changed=../../bench/lua-cjson");
    let folder = crate_folder().join("../../bench/lua-cjson");
    let text = renames(lua) + &format!("#include \"{}\"\n", folder.join("lua_cjson.c").display());
    let one = out.join("cjson.c");
    fs::write(&one, text).unwrap_or_else(|e| panic!("cannot write {}: {e}", one.display()));
    // As its own makefile does.
    let mut build = cc::Build::new();
    build.files([one, folder.join("strbuf.c"), folder.join("fpconv.c")]).include(lua).include(&folder);
    build.warnings(false).define("NDEBUG", None).opt_level(3).out_dir(out);
    build.compile("moonpool_cjson");
}

/// Where this crate is now: this program may have been compiled before the checkout was moved, with `target` in it.
fn crate_folder() -> PathBuf {
    PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"))
}

/// Copies Lua's C files, so that edits never touch cargo's own copy.
fn copy_sources(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|e| panic!("cannot create {}: {e}", to.display()));
    for entry in fs::read_dir(from).expect("lua-src is readable").flatten() {
        let path = entry.path();
        if matches!(path.extension().and_then(|e| e.to_str()), Some("c" | "h")) {
            let target = to.join(entry.file_name());
            // Not fs::copy: cargo's copy may be read-only, and so would be ours.
            let text = fs::read(&path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()));
            fs::write(&target, text).unwrap_or_else(|e| panic!("cannot write {}: {e}", target.display()));
        }
    }
}

/// Makes every edit in place, or stops the build saying which one does not fit.
fn apply_edits(folder: &Path) {
    // For `npm run test:edits`: builds without one edit, to see that its test fails then.
    println!("cargo:rerun-if-env-changed=MOONPOOL_LUA_WITHOUT");
    let without = env::var("MOONPOOL_LUA_WITHOUT").ok();
    let mut names = BTreeSet::new();
    for edit in edits::all() {
        if without.as_deref() == Some(edit.name) {
            println!("cargo:warning=building Lua without the edit '{}'", edit.name);
            continue;
        }
        assert!(names.insert(edit.name), "two edits are named '{}'", edit.name);
        let path = folder.join(edit.file);
        let source = fs::read_to_string(&path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()));
        let edited = edit.apply(&source).unwrap_or_else(|message| panic!("{message}"));
        fs::write(&path, edited).unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
    }
}

/// How Lua's C API is called in the library. Two Luas in one process need other names for one of them.
#[derive(PartialEq)]
enum Symbols {
    Public,
    Renamed,
}

/// `#define lua_x stock_lua_x` for every function of the public headers (declared as `(lua_x) (`). Renamed, not
/// static: the compiler shall treat both Luas alike.
fn renames(folder: &Path) -> String {
    let mut text = String::from("#define lua_ident stock_lua_ident\n");
    for header in ["lua.h", "lauxlib.h", "lualib.h"] {
        let header = fs::read_to_string(folder.join(header)).expect("the headers were just copied");
        for (i, _) in header.match_indices("(lua") {
            let rest = &header[i + 1..];
            let name = &rest[..rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(0)];
            if rest[name.len()..].strip_prefix(')').is_some_and(|after| after.trim_start().starts_with('(')) {
                text += &format!("#define {name} stock_{name}\n");
            }
        }
    }
    text
}

/// Compiles a Lua as one C file (as Lua's own `onelua.c` does), with `ours` from `lua/c` at its end.
fn compile(library: &str, folder: &Path, symbols: Symbols, ours: &[&str], out: &Path) {
    let here = crate_folder().join("c");
    let mut text = if symbols == Symbols::Renamed { renames(folder) } else { String::new() };
    text.push_str(
        "#define LUA_CORE\n#define LUA_LIB\n#define ltable_c\n#define lvm_c\n#include \"lprefix.h\"\n\
         #include <assert.h>\n#include <ctype.h>\n#include <errno.h>\n#include <float.h>\n#include <limits.h>\n\
         #include <locale.h>\n#include <math.h>\n#include <setjmp.h>\n#include <signal.h>\n#include <stdarg.h>\n\
         #include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n\
         #include <time.h>\n#include \"luaconf.h\"\n\
         #undef LUAI_FUNC\n#define LUAI_FUNC static\n\
         #undef LUAI_DDEC\n#define LUAI_DDEC(def)\n\
         #undef LUAI_DDEF\n#define LUAI_DDEF static\n",
    );
    text += &format!("#include \"{}\"\n", here.join("windows.h").display());
    for file in sources::CORE.iter().chain(sources::LIBRARIES) {
        text += &format!("#include \"{file}\"\n");
    }
    for file in ours {
        text += &format!("#include \"{}\"\n", here.join(file).display());
    }
    let one = out.join(format!("{library}.c"));
    fs::write(&one, text).unwrap_or_else(|e| panic!("cannot write {}: {e}", one.display()));

    let mut build = cc::Build::new();
    build
        .file(&one)
        .include(folder)
        .warnings(false) // Lua's code, and unused static functions in the private build
        .define("LUA_COMPAT_5_3", None) // as Lua's own makefile builds the reference interpreter
        .define("MINSTRTABSIZE", "512") // the names of the standard libraries are 300 strings
        .opt_level(2)
        // Linked statically: nobody replaces these functions at run time, so the compiler may inline them.
        .flag_if_supported("-fvisibility=hidden")
        .cargo_metadata(false)
        .out_dir(out);
    if symbols == Symbols::Public {
        // The last C strings that were made Lua's, in each VM: 208 bytes of it instead of 848.
        build.define("STRCACHE_N", "13").define("STRCACHE_M", "2");
    }
    if env::var("CARGO_CFG_UNIX").is_ok() {
        build.define("LUA_USE_POSIX", None);
    }
    build.compile(library);
    println!("cargo:rustc-link-search=native={}", out.display());
    // Whole: mlua-sys, linked after this crate, needs symbols that this crate does not use.
    println!("cargo:rustc-link-lib=static:+whole-archive={library}");
}
