"""Compressed frames of a part: written one by one, so that a kill loses at most the last one."""

from pathlib import Path

import pyarrow as pa

_CODEC = pa.Codec("zstd")


def encode_frame(lines: list[bytes]) -> bytes:
    """Return `lines` as one compressed frame."""
    return bytes(_CODEC.compress(b"\n".join(lines) + b"\n", asbytes=True))


def read_whole_frames(path: Path) -> list[bytes]:
    """Return the lines of the complete frames of a part. A kill may have cut off the last one."""
    text, step = b"", 1 << 20
    while True:
        with pa.OSFile(str(path), "rb") as file, pa.CompressedInputStream(file, "zstd") as stream:
            stream.read(len(text))
            try:
                while chunk := stream.read(step):
                    text += chunk
                break
            except OSError:
                # A failed read loses what it decoded before the cut, so approach the cut in smaller steps.
                if step == 1:
                    break
                step = max(1, step >> 10)
    return text.split(b"\n")[:-1]
