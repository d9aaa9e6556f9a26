"""A whole file as bytes, and a slicer of files that shares nothing with the code under test: positions, sums, blocks."""

from __future__ import annotations

from ivr.ach.writer import write_file

FILL = "9" * 94


def file_bytes(settings, batches) -> bytes:
    """Return a whole small file. Raises `NachaWriteError` with all problems."""
    pieces: list[bytes] = []
    write_file(settings, batches, pieces.append)
    return b"".join(pieces)


def lines_of(data: bytes) -> list[str]:
    return data.decode("ascii").split("\r\n" if b"\r\n" in data else "\n")[:-1]


def entries_of(data: bytes) -> list[dict[str, str]]:
    """Return what each entry detail record holds, blanks and all."""
    return [
        {
            "code": line[1:3],
            "routing": line[3:12],
            "account": line[12:29],
            "amount": line[29:39],
            "id": line[39:54],
            "name": line[54:76],
            "type": line[76:78],
            "addenda": line[78:79],
            "trace": line[79:94],
        }
        for line in lines_of(data)
        if line[0] == "6"
    ]


def check_balance(data: bytes) -> dict[str, int]:
    """Check every count, hash, total and block of a file without addenda; return what the file control says."""
    lines = lines_of(data)
    assert {len(line) for line in lines} == {94}
    assert len(lines) % 10 == 0
    while lines[-1] == FILL:
        lines.pop()
    assert FILL not in lines
    total = {"entries": 0, "hash": 0, "debits": 0, "credits": 0}
    batches = 0
    for line in lines[1:-1]:
        if line[0] == "5":
            header, batches = line, batches + 1
            count = routing = debits = credited = 0
        elif line[0] == "6":
            count += 1
            routing += int(line[3:11])
            if line[1:3] in {"27", "28", "37", "38"}:
                debits += int(line[29:39])
            else:
                credited += int(line[29:39])
        else:
            assert line[0] == "8"
            assert line[1:4] == header[1:4]
            assert line[4:44] == f"{count:06d}{routing % 10**10:010d}{debits:012d}{credited:012d}"
            assert line[44:54] == header[40:50]
            assert line[54:79] == " " * 25
            assert line[79:94] == header[79:94]
            assert int(header[87:94]) == batches
            for key, value in zip(total, (count, routing, debits, credited), strict=True):
                total[key] += value
    blocks = (len(lines) + 9) // 10
    assert lines[-1] == (
        f"9{batches:06d}{blocks:06d}{total['entries']:08d}{total['hash'] % 10**10:010d}"
        f"{total['debits']:012d}{total['credits']:012d}{' ' * 39}"
    )
    return {"batches": batches, "blocks": blocks, **total, "hash": total["hash"] % 10**10}
