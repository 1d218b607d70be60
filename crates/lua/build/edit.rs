//! One edit to Lua's sources: which file, which exact text, what replaces it, and why.

/// A replacement of one piece of text that must occur exactly once in one file.
pub(crate) struct Edit {
    /// A short name, unique among all edits; crates/lua/README.md explains it under this name.
    pub(crate) name: &'static str,
    /// The file of Lua's source tree.
    pub(crate) file: &'static str,
    /// The exact text to replace.
    pub(crate) find: &'static str,
    /// What stands there afterwards.
    pub(crate) replace: &'static str,
    /// The test of this crate that fails without the edit, as `file::test`; or `build`, when nothing compiles without it.
    /// `npm run test:edits` takes each edit out and tries.
    #[allow(dead_code, reason = "for readers, and for scripts/test-edits.mjs")]
    pub(crate) proof: &'static str,
    /// Why the edit is needed, in one or two sentences.
    pub(crate) why: &'static str,
}

impl Edit {
    /// Returns `source` with this edit made.
    ///
    /// # Errors
    /// A message naming the edit when its text does not occur exactly once.
    pub(crate) fn apply(&self, source: &str) -> Result<String, String> {
        match source.matches(self.find).count() {
            1 => Ok(source.replacen(self.find, self.replace, 1)),
            n => Err(format!(
                "the edit '{}' does not fit {}: the text it replaces occurs {n} times, wanted exactly 1.\n\
                 Why the edit exists: {}\nThe text:\n{}",
                self.name, self.file, self.why, self.find
            )),
        }
    }
}
