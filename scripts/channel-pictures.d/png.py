"""PNG files made small: a palette instead of three bytes a pixel. No library beside Python's own."""

import collections
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS_MAX = 256
# So many of them are exact: flat areas and lines. The rest are edges of letters.
EXACT_MAX = 128


def chunks(data):
    """The chunks of a file: kind and content."""
    at = len(SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        yield kind, data[at + 8:at + 8 + length]
        at += 12 + length


def read(data):
    """Width, height and the rows of an 8-bit RGB or RGBA file, three bytes a pixel."""
    content = b""
    for kind, body in chunks(data):
        if kind == b"IHDR":
            width, height, depth, colour, _, _, order = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            content += body
    if depth != 8 or colour not in (2, 6) or order:
        raise ValueError("not 8-bit RGB")
    size = 3 if colour == 2 else 4
    raw, rows, before = zlib.decompress(content), [], bytearray(width * size)
    for y in range(height):
        start = y * (width * size + 1)
        row = bytearray(raw[start + 1:start + 1 + width * size])
        unfilter(raw[start], row, before, size)
        rows.append(row if size == 3 else bytearray(
            byte for x in range(0, len(row), 4) for byte in row[x:x + 3]))
        before = row
    return width, height, rows


def unfilter(kind, row, before, size):
    """Undoes a row's filter (PNG, ISO/IEC 15948, 9.2), in place."""
    for x in range(len(row)):
        left = row[x - size] if x >= size else 0
        above = before[x]
        if kind == 1:
            row[x] = (row[x] + left) & 255
        elif kind == 2:
            row[x] = (row[x] + above) & 255
        elif kind == 3:
            row[x] = (row[x] + (left + above) // 2) & 255
        elif kind == 4:
            corner = before[x - size] if x >= size else 0
            guess = left + above - corner
            nearest = min((abs(guess - left), 0, left), (abs(guess - above), 1, above),
                          (abs(guess - corner), 2, corner))
            row[x] = (row[x] + nearest[2]) & 255


def small(data):
    """The same picture with at most 256 colours; rare ones that are alike become one of them."""
    width, height, rows = read(data)
    pixels = [[bytes(row[x:x + 3]) for x in range(0, len(row), 3)] for row in rows]
    counted = collections.Counter(pixel for row in pixels for pixel in row)
    palette = [colour for colour, _ in counted.most_common(EXACT_MAX)]
    index = {colour: at for at, colour in enumerate(palette)}
    for shift in range(8):
        like = {}
        for colour, _ in counted.most_common()[EXACT_MAX:]:
            like.setdefault(tuple(part >> shift for part in colour), colour)
        if len(like) <= COLOURS_MAX - EXACT_MAX:
            break
    place = {key: at for at, key in enumerate(like, len(palette))}
    palette += like.values()
    for colour, _ in counted.most_common()[EXACT_MAX:]:
        index[colour] = place[tuple(part >> shift for part in colour)]
    lines = b"".join(b"\0" + bytes(index[pixel] for pixel in row) for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"PLTE", b"".join(palette)),
                           (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")))
