//! How Lua values are given to JavaScript.

use super::FunctionRule;

/// How Lua values are given to JavaScript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shapes {
    /// Every string as bytes; otherwise strings are text, and those that are not UTF-8 are refused.
    pub bytes: bool,
    /// What tables are.
    pub tables: Tables,
    /// What becomes of functions.
    pub functions: FunctionRule,
}

/// What tables are to JavaScript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tables {
    /// Arrays or objects, by the rules of JSON; others are refused.
    #[default]
    Objects,
    /// Every table is a map.
    Maps,
    /// Tables 1 to n are arrays. Others are objects, with integer keys in decimal.
    Records,
    /// Tables 1 to n are arrays. Others are maps. Nothing is lost, but JavaScript would find two kinds.
    Exact,
}

impl Shapes {
    /// For another VM: whatever can be there, as it is.
    pub const EXACT: Self = Self { bytes: true, tables: Tables::Exact, functions: FunctionRule::Refused };

    const BYTES: u32 = 1;
    const MAPS: u32 = 2;
    const RECORDS: u32 = 4;

    /// The shapes that JavaScript has as one number; functions are refused.
    pub fn from_bits(bits: u32) -> Self {
        let tables = match bits {
            _ if bits & Self::MAPS != 0 => Tables::Maps,
            _ if bits & Self::RECORDS != 0 => Tables::Records,
            _ => Tables::Objects,
        };
        Self { bytes: bits & Self::BYTES != 0, tables, functions: FunctionRule::Refused }
    }

    /// All but functions as one number, from which [`Shapes::from_bits`] makes them again.
    pub fn bits(self) -> u32 {
        let tables = match self.tables {
            Tables::Objects => 0,
            Tables::Maps | Tables::Exact => Self::MAPS,
            Tables::Records => Self::RECORDS,
        };
        tables | if self.bytes { Self::BYTES } else { 0 }
    }
}
