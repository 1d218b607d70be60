//! Whether the keys of a table would collide in a `Map` of V8, which hashes numbers without a seed.
//!
//! Only the first line: other versions of V8 may hash otherwise, and lib/decode.js measures what a map really takes.

use super::walk::Key;

/// Fewer keys cost nothing, however they collide.
const FEW: usize = 1024;

/// How many keys an insertion may pass on average. With good luck it is one.
const PROBES: u64 = 32;

/// Whether any of the maps that grow from `keys`, one after the other, has long chains.
pub(super) fn collide(keys: &[Key]) -> bool {
    let numbers = keys.iter().take_while(|key| hash(key).is_some()).count();
    let mut size = FEW;
    let mut chains = Vec::new();
    while size / 2 < numbers {
        let keys = &keys[..size.min(numbers)];
        // As many buckets as half the capacity, which is a power of two.
        let mask = size / 2 - 1;
        chains.clear();
        chains.resize(size / 2, 0_u32);
        let mut passed = 0_u64;
        for hash in keys.iter().filter_map(hash) {
            let chain = &mut chains[hash as usize & mask];
            passed += u64::from(*chain);
            *chain += 1;
        }
        if keys.len() >= FEW && passed > PROBES * keys.len() as u64 {
            return true;
        }
        size *= 2;
    }
    false
}

/// V8's hash of a number; of other keys it is seeded, or there are few of them.
fn hash(key: &Key) -> Option<u32> {
    match *key {
        Key::Integer(i) => Some(match i32::try_from(i) {
            Ok(i) => hash_of_32(i as u32),
            // A number as far as those go, then a BigInt with its magnitude.
            Err(_) if i.unsigned_abs() < 1 << 53 => hash_of_64((i as f64).to_bits()),
            Err(_) => hash_of_64(i.unsigned_abs()),
        }),
        Key::Number(n) if n == f64::from(n as i32) => Some(hash_of_32(n as i32 as u32)),
        Key::Number(n) => Some(hash_of_64(n.to_bits())),
        _ => None,
    }
}

/// `ComputeUnseededHash`.
fn hash_of_32(key: u32) -> u32 {
    let mut hash = key;
    hash = (!hash).wrapping_add(hash << 15);
    hash ^= hash >> 12;
    hash = hash.wrapping_add(hash << 2);
    hash ^= hash >> 4;
    hash = hash.wrapping_mul(2057);
    hash ^= hash >> 16;
    hash & 0x3fff_ffff
}

/// `ComputeLongHash`.
fn hash_of_64(key: u64) -> u32 {
    let mut hash = key;
    hash = (!hash).wrapping_add(hash << 18);
    hash ^= hash >> 31;
    hash = hash.wrapping_mul(21);
    hash ^= hash >> 11;
    hash = hash.wrapping_add(hash << 6);
    hash ^= hash >> 22;
    (hash & 0x3fff_ffff) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integers(step: i64, count: i64) -> Vec<Key> {
        (0..count).map(|i| Key::Integer(i * step)).collect()
    }

    #[test]
    fn usual_keys_do_not_collide() {
        for step in [1, 2, 10, 4096, 1 << 20, 1_000_003, 1 << 31, 1 << 33, (1 << 40) + 1] {
            assert!(!collide(&integers(step, 20_000)), "{step}");
        }
        assert!(!collide(&(0..20_000).map(|i| Key::Number(f64::from(i) / 8.0)).collect::<Vec<_>>()));
        assert!(!collide(&(0..20_000).map(|i| Key::Number(f64::from(i) * 1e300)).collect::<Vec<_>>()));
    }

    #[test]
    fn chosen_keys_collide_whatever_comes_after_them() {
        let in_one_bucket = |key: &Key| hash(key).is_some_and(|hash| hash & 1023 == 0);
        let mut integers: Vec<_> = (0..3_000_000).map(Key::Integer).filter(in_one_bucket).take(2000).collect();
        assert!(collide(&integers));
        integers.extend((1_i64 << 50..).take(30_000).map(Key::Integer));
        assert!(collide(&integers));
        let floats = (0..3_000_000).map(|i| Key::Number(f64::from(i) + 0.5));
        assert!(collide(&floats.filter(in_one_bucket).take(2000).collect::<Vec<_>>()));
        assert!(!collide(&integers[..500]));
    }
}
