//! Bytes near others, the same for the same seed.

/// Pieces that parsers take special care of.
const WORDS: [&[u8]; 24] = [
    b"\n",
    b"\r\n",
    b"\0",
    b"\x1b[31m",
    b"\xff\xfe",
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"=",
    b"#",
    b"-1",
    b"18446744073709551616",
    b"1e999",
    b"null",
    b"signed by eosio",
    b"Produced block ",
    b"<b>",
    b"%00",
    b"\xe2\x80\xae",
    "é世\u{1e}".as_bytes(),
];

/// A generator of numbers (xorshift), and what it makes of bytes.
pub(crate) struct Mutator(u64);

impl Mutator {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }

    /// One of the seeds with one to eight changes, cut at `most` bytes.
    pub(crate) fn near(&mut self, seeds: &[Vec<u8>], most: usize) -> Vec<u8> {
        let mut data = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(8) {
            self.change(&mut data, seeds);
        }
        data.truncate(most);
        data
    }

    fn change(&mut self, data: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let at = self.below(data.len() + 1);
        let end = (at + self.below(16)).min(data.len());
        match self.below(7) {
            0 => data.truncate(at),
            1 => drop(data.drain(at..end)),
            2 => {
                if let Some(byte) = data.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            3 => {
                let word = WORDS[self.below(WORDS.len())];
                drop(data.splice(at..at, word.iter().copied()));
            }
            4 => {
                let piece = data[at..end].to_vec();
                drop(data.splice(end..end, piece));
            }
            5 => {
                let other = &seeds[self.below(seeds.len())];
                let from = self.below(other.len() + 1);
                let to = (from + self.below(200)).min(other.len());
                drop(data.splice(at..end, other[from..to].iter().copied()));
            }
            _ => {
                let byte = u8::try_from(self.below(256)).unwrap();
                data.insert(at, byte);
            }
        }
    }
}
