"""Files on a real SFTP server: whole under their name or not at all, whatever breaks on the way."""

import asyncssh
import pytest
from support.sftp_server import ACCOUNT, PASSWORD, Faults, SftpServer

from ivr.base.settings import SftpAddress
from ivr.payments.delivery import NameTakenError, NotDeliveredError, PerhapsDeliveredError
from ivr.payments.sftp import SftpFolder

NAME = "ivr-20261218-A.ach"
CONTENT = b"101 011000015" * 40_000  # several packets


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "bank" / "in").mkdir(parents=True)
    return tmp_path / "bank" / "in"


@pytest.fixture
def server(folder, faults):
    with SftpServer(folder.parent, faults) as running:
        yield running


def at(server, *, password=PASSWORD, host_key=None, private_key=None, **others):
    address = SftpAddress("127.0.0.1", server.port, ACCOUNT, "/in", password)
    return SftpFolder(address, [host_key or server.host_key], private_key, **others)


def nothing():
    """What is done before the file gets its name, where nobody asks."""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_lies_there_whole_under_its_name(server, folder, faults):
    at(server).deliver(NAME, CONTENT, nothing)
    assert names(folder) == [NAME]
    assert (folder / NAME).read_bytes() == CONTENT
    assert faults.written == [f"/in/{NAME}.part".encode()]
    assert at(server).place(NAME) == f"sftp://127.0.0.1:{server.port}/in/{NAME}"


def test_what_lies_there_already_is_not_sent_again(server, folder, faults):
    (folder / NAME).write_bytes(CONTENT)
    at(server).deliver(NAME, CONTENT, nothing)
    assert faults.written == []


@pytest.mark.parametrize("other", [b"another file", CONTENT[:-1] + b"?"])
def test_another_file_of_that_name_is_left_alone(server, folder, faults, other):
    (folder / NAME).write_bytes(other)
    with pytest.raises(NameTakenError, match="ask the bank"):
        at(server).deliver(NAME, CONTENT, nothing)
    assert ((folder / NAME).read_bytes(), faults.written) == (other, [])


def test_a_server_that_dies_in_mid_transfer_has_no_file_and_the_next_try_makes_it_whole(
    server, folder, faults
):
    faults.die_after_bytes = 100_000
    with pytest.raises(NotDeliveredError, match="did not take"):
        at(server).deliver(NAME, CONTENT, nothing)
    assert names(folder) == [f"{NAME}.part"]
    faults.die_after_bytes = None
    at(server).deliver(NAME, CONTENT, nothing)
    assert names(folder) == [NAME]
    assert (folder / NAME).read_bytes() == CONTENT


def test_a_refused_rename_leaves_no_file_and_the_next_try_does_it(server, folder, faults):
    faults.refuse_rename = True
    with pytest.raises(NotDeliveredError, match=r"did not rename .+ \(not now\)"):
        at(server).deliver(NAME, CONTENT, nothing)
    assert names(folder) == [f"{NAME}.part"]
    faults.refuse_rename = False
    at(server).deliver(NAME, CONTENT, nothing)
    assert names(folder) == [NAME]


def test_a_lost_answer_to_the_rename_is_found_out_the_next_time(server, folder, faults):
    faults.die_after_rename = True
    with pytest.raises(NotDeliveredError):
        at(server).deliver(NAME, CONTENT, nothing)
    assert names(folder) == [NAME]
    faults.die_after_rename = False
    at(server).deliver(NAME, CONTENT, nothing)
    assert faults.written == [f"/in/{NAME}.part".encode()]


def test_a_rename_that_another_worker_did_first_is_enough(server, folder, faults):
    faults.overtaken = True
    at(server).deliver(NAME, CONTENT, nothing)
    assert (folder / NAME).read_bytes() == CONTENT


def test_garbled_bytes_never_get_the_name(server, folder, faults):
    faults.garble = True
    with pytest.raises(NotDeliveredError, match="not what was sent"):
        at(server).deliver(NAME, CONTENT, nothing)
    assert names(folder) == [f"{NAME}.part"]


def test_a_drop_box_that_cannot_be_read_is_trusted_by_size(server, folder, faults):
    faults.refuse_reading = True
    at(server).deliver(NAME, CONTENT, nothing)
    assert (folder / NAME).read_bytes() == CONTENT
    at(server).deliver(NAME, CONTENT, nothing)
    with pytest.raises(NameTakenError):
        at(server).deliver(NAME, CONTENT[:-1], nothing)


@pytest.mark.parametrize("mute", [asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure])
def test_a_box_for_writing_only_gets_its_files(server, folder, faults, mute):
    faults.mute = mute
    at(server).deliver(NAME, CONTENT, nothing)
    assert (names(folder), (folder / NAME).read_bytes()) == ([NAME], CONTENT)
    assert at(server).look(NAME, CONTENT) == "unknown"
    (folder / NAME).unlink()
    faults.refuse_rename = True  # it may be there already, for all such a box says
    with pytest.raises(PerhapsDeliveredError, match="not now"):
        at(server).deliver(NAME, CONTENT, nothing)


def test_a_box_that_refuses_the_name_has_no_file(server, folder, faults):
    faults.mute = asyncssh.SFTPFailure

    def refuse(when):
        if when == "before":
            raise asyncssh.SFTPPermissionDenied("names are ours")

    faults.at_rename = refuse
    with pytest.raises(NotDeliveredError, match=r"did not rename .+ \(names are ours\)") as caught:
        at(server).deliver(NAME, CONTENT, nothing)
    assert not isinstance(caught.value, PerhapsDeliveredError)


@pytest.mark.parametrize(
    ("lies_there", "found"),
    [({}, "unknown"), ({NAME: CONTENT}, "there"), ({f"{NAME}.part": b""}, "not_there")],
)
def test_what_became_of_a_delivery_that_was_broken_off_is_asked(server, folder, lies_there, found):
    for name, content in lies_there.items():
        (folder / name).write_bytes(content)
    assert at(server).look(NAME, CONTENT) == found


def test_a_connection_that_ends_with_the_name_leaves_a_question(server, folder, faults):
    faults.die_after_rename = True
    said = []
    with pytest.raises(PerhapsDeliveredError):
        at(server).deliver(NAME, CONTENT, lambda: said.append(names(folder)))
    assert said == [[f"{NAME}.part"]]
    assert at(server).look(NAME, CONTENT) == "there"


def test_a_server_that_cannot_be_asked_is_a_sentence(server):
    there = at(server)
    server._run(server._close())
    with pytest.raises(NotDeliveredError, match=f"cannot be asked what became of {NAME}"):
        there.look(NAME, CONTENT)


def test_a_server_that_falls_silent_is_given_up(server, folder, faults):
    faults.silent = True
    with pytest.raises(NotDeliveredError, match="did not take"):
        at(server, timeout_seconds=0.8).deliver(NAME, CONTENT, nothing)


def test_another_host_key_is_refused_before_anything_is_said(server, folder):
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    with pytest.raises(NotDeliveredError, match="shows another host key than IVR_ODFI_SFTP_HOST_KEY"):
        at(server, host_key=other).deliver(NAME, CONTENT, nothing)
    assert names(folder) == []


def test_a_wrong_password_is_refused_and_told_nowhere(server, folder):
    with pytest.raises(NotDeliveredError, match="does not let this account in") as caught:
        at(server, password="wrong horse").deliver(NAME, CONTENT, nothing)
    assert "wrong horse" not in str(caught.value)
    assert "wrong horse" not in repr(at(server, password="wrong horse"))


def test_a_server_that_is_down_is_a_sentence(server, folder):
    there = at(server)
    server._run(server._close())
    with pytest.raises(NotDeliveredError, match=r"The bank's SFTP server \(127.0.0.1:\d+\) did not take"):
        there.deliver(NAME, CONTENT, nothing)
    with pytest.raises(NotDeliveredError, match="cannot be asked"):
        there.log_in()


def test_a_key_opens_the_server(folder, faults, tmp_path):
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "key")
    with SftpServer(folder.parent, faults, [key.export_public_key().decode()]) as server:
        at(server, password="", private_key=tmp_path / "key").deliver(NAME, CONTENT, nothing)
        assert names(folder) == [NAME]
        (tmp_path / "key").write_text("no key at all")
        with pytest.raises(NotDeliveredError, match="IVR_ODFI_SFTP_KEY"):
            at(server, password="", private_key=tmp_path / "key").deliver("other.ach", CONTENT, nothing)
