//! `NativeFunctions` and `NativeModules`: sets of host functions and of modules, as JavaScript holds them.

use moonpool_core::bridge::{Extras, Functions, HostFunction, Modules};
use moonpool_core::value::Shapes;
use napi_derive::napi;
use std::sync::Arc;

/// A set of host functions that some runs are given. Which those are, JavaScript knows by number.
#[napi]
pub struct NativeFunctions {
    functions: Functions,
}

#[napi]
impl NativeFunctions {
    /// The functions with these paths of names, numbered from `first` on. Arguments come in these shapes.
    #[napi(constructor, catch_unwind)]
    pub fn new(paths: Vec<Vec<String>>, first: u32, shapes: u32) -> Self {
        Self { functions: Arc::new(numbered(paths, first, shapes).map(Arc::new).collect()) }
    }
}

/// Compiled modules, for an engine or for some of its runs.
#[napi]
pub struct NativeModules {
    pub(super) modules: Modules,
}

/// Functions with these paths of names, numbered from `first` on.
pub(super) fn numbered(paths: Vec<Vec<String>>, first: u32, shapes: u32) -> impl Iterator<Item = HostFunction> {
    let shapes = Shapes::from_bits(shapes);
    paths.into_iter().zip(first..).map(move |(path, number)| HostFunction { path, number, shapes })
}

/// What a run is given beside what its engine gives to all; nothing, where that is all.
pub(super) fn extras(functions: Option<&NativeFunctions>, modules: Option<&NativeModules>) -> Option<Arc<Extras>> {
    if functions.is_none() && modules.is_none() {
        return None;
    }
    let functions = functions.map(|given| given.functions.clone()).unwrap_or_default();
    let modules = modules.map(|given| given.modules.clone()).unwrap_or_default();
    Some(Arc::new(Extras { functions, modules, kept: None }))
}
