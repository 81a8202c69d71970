//! The picture of a test: three bars in the colours of the severities, so that a person sees
//! whether colours and size survive the way.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use crate::actions::notify::channel::Picture;
use crate::core::alarm::message::PictureKind;

const WIDTH: u32 = 480;
const HEIGHT: u32 = 160;
/// Red, amber and green.
const COLOURS: [[u8; 3]; 3] = [[0xe0, 0x35, 0x35], [0xe6, 0x8a, 0x00], [0x2e, 0x9e, 0x44]];
const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];

/// The picture.
pub(super) fn sample() -> Picture {
    Picture {
        kind: PictureKind::Lag,
        caption: "A test picture: a red, an amber and a green bar.".to_owned(),
        png: png(),
    }
}

/// Eight bits for each of red, green and blue, no filter (PNG, ISO/IEC 15948).
fn png() -> Vec<u8> {
    let colour = |column: u32| COLOURS[(column * 3 / WIDTH) as usize];
    let row: Vec<u8> = std::iter::once(0).chain((0..WIDTH).flat_map(colour)).collect();
    let rows = row.repeat(HEIGHT as usize);
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail; without its data the picture would be no picture.
    let data = encoder.write_all(&rows).and_then(|()| encoder.finish()).unwrap_or_default();
    let mut header = Vec::new();
    header.extend(WIDTH.to_be_bytes());
    header.extend(HEIGHT.to_be_bytes());
    // Depth, colour type RGB, and the only compression, filter and order there are.
    header.extend([8, 2, 0, 0, 0]);
    let mut file = SIGNATURE.to_vec();
    for (kind, content) in [(b"IHDR", header), (b"IDAT", data), (b"IEND", Vec::new())] {
        chunk(&mut file, *kind, &content);
    }
    file
}

fn chunk(file: &mut Vec<u8>, kind: [u8; 4], content: &[u8]) {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    file.extend(length.to_be_bytes());
    let mut crc = Crc::new();
    crc.update(&kind);
    crc.update(content);
    file.extend(kind);
    file.extend_from_slice(content);
    file.extend(crc.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_chunks_are_whole_and_its_data_is_every_row() {
        let file = png();
        let mut rest = file.strip_prefix(&SIGNATURE).unwrap();
        let mut kinds = Vec::new();
        while !rest.is_empty() {
            let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
            let (kind, content) = (&rest[4..8], &rest[8..8 + length]);
            if kind == b"IDAT" {
                let mut rows = Vec::new();
                let mut decoder = flate2::read::ZlibDecoder::new(content);
                std::io::Read::read_to_end(&mut decoder, &mut rows).unwrap();
                assert_eq!(rows.len() as u32, HEIGHT * (1 + 3 * WIDTH));
            }
            kinds.push(String::from_utf8(kind.to_vec()).unwrap());
            rest = &rest[12 + length..];
        }
        assert_eq!(kinds, ["IHDR", "IDAT", "IEND"]);
    }
}
