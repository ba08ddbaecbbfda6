"""What the kernel tells about a container, read in its namespaces: processes and sockets.

First part of the probe (see `watch.py`). Nothing that is read is trusted: each read has a limit.
"""

# ruff: noqa: PTH115, PTH208 - importing pathlib would cost more than all that is done here
# ruff: noqa: PLR2004 - columns of the kernel's tables

import os
import socket
import struct
import sys

MAX_PROCESSES = 1000
MAX_DESCRIPTORS = 4096
MAX_SOCKETS = 100
MAX_LISTENERS = 1 << 15
LISTENING, UNCONNECTED, ACCEPTS = "0A", "07", 1 << 16
# linux/netlink.h, sock_diag.h, inet_diag.h
SOCK_DIAG, BY_FAMILY, DUMP, ERROR, DONE = 4, 20, 0x301, 2, 3
# The engine's name server, on any port, in each container of a network that has names.
ENGINE_DNS = "127.0.0.11"
# Our own, in a container that is cut off from all others (see `nowhere.py`).
OUR_DNS = "127.0.0.12"
CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


# --- processes --------------------------------------------------------------------------------


def read(path: str, limit: int = 65536) -> bytes:
    """Return the beginning of a file, empty when it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    parts, left = [], limit
    try:
        while left > 0:
            part = os.read(handle, left)
            if not part:
                break
            parts.append(part)
            left -= len(part)
    except OSError:
        pass
    finally:
        os.close(handle)
    return b"".join(parts)


def text(raw: bytes) -> str:
    """Decode what may be anything."""
    return raw.decode("utf-8", "replace")


def link(path: str) -> str | None:
    """Return where a link of /proc points, None where the kernel would not say."""
    try:
        return text(os.readlink(os.fsencode(path)))
    except OSError:
        return None


def parse_status(raw: str) -> dict[str, str]:
    """Split /proc/PID/status into its fields."""
    pairs = (line.partition(":") for line in raw.split("\n"))
    return {key: value.strip() for key, _, value in pairs}


def numbers(field: str) -> list[int]:
    """Decode a list of decimal numbers, as in `Uid:` and `Groups:`."""
    return [int(number) for number in field.split()]


def parse_command(raw: bytes) -> list[str]:
    """Split /proc/PID/cmdline; programs that rename themselves leave a tail of NULs, which is dropped."""
    stripped = raw.rstrip(b"\0")
    return [text(argument) for argument in stripped.split(b"\0")] if stripped else []


def process(pid: int) -> dict[str, object] | None:
    """Describe one process, None when it is gone or only waits to be reaped."""
    base = "/proc/" + str(pid)
    status = parse_status(text(read(base + "/status")))
    if "Uid" not in status or status.get("State", "")[:1] in ("Z", "X"):
        return None
    return {
        "pid": pid,
        "ppid": int(status["PPid"]),
        "name": status.get("Name", ""),
        "uids": numbers(status["Uid"]),
        "gids": numbers(status["Gid"]),
        "groups": numbers(status.get("Groups", "")),
        "capabilities": {name: int(status[name], 16) for name in CAPABILITIES if name in status},
        "caught": int(status.get("SigCgt", "0"), 16),
        "ignored": int(status.get("SigIgn", "0"), 16),
        "blocked": int(status.get("SigBlk", "0"), 16),
        "no_new_privileges": status["NoNewPrivs"] == "1" if "NoNewPrivs" in status else None,
        "command": parse_command(read(base + "/cmdline", 32768 if pid == 1 else 4096)),
        "executable": link(base + "/exe"),
        "cwd": link(base + "/cwd"),
    }


def processes() -> list[dict[str, object]]:
    """Describe PID 1 and all that descends from it.

    What the engine put into its namespaces from outside (this probe, a health check) has no parent in here.
    """
    pids = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    found = [one for one in map(process, pids[:MAX_PROCESSES]) if one is not None]
    parents = {one["pid"]: one["ppid"] for one in found}
    return [one for one in found if descends(one["pid"], parents)]


def descends(pid: object, parents: dict[object, object]) -> bool:
    """Whether the chain of parents ends at PID 1."""
    for _ in range(len(parents) + 1):
        if pid == 1:
            return True
        if pid not in parents:
            return False
        pid = parents[pid]
    return False


def holders(pids: list[object]) -> dict[str, list[object]]:
    """Tell who holds which socket open: inode to pids.

    /proc/PID/fdinfo is open to CAP_SYS_PTRACE from Linux 5.14 on; /proc/PID/fd would take CAP_DAC_READ_SEARCH as
    well. All sockets, ours too, are on one mount, which tells them from files that have the same inode's number.
    """
    with socket.socket(socket.AF_UNIX) as own:
        mount = parse_status(text(read("/proc/self/fdinfo/" + str(own.fileno())))).get("mnt_id")
    held: dict[str, list[object]] = {}
    for pid in pids:
        folder = "/proc/" + str(pid) + "/fdinfo"
        try:
            names = os.listdir(folder)[:MAX_DESCRIPTORS]
        except OSError:
            continue
        for name in names:
            file = parse_status(text(read(folder + "/" + name, 1024)))
            if file.get("mnt_id") == mount and "ino" in file:
                owners = held.setdefault(file["ino"], [])
                if pid not in owners:
                    owners.append(pid)
    return held


# --- sockets ----------------------------------------------------------------------------------


def decode_address(raw: str, byteorder: str = sys.byteorder) -> str:
    """Decode an address of /proc/net/: 32-bit words, each in the machine's own byte order."""
    words = [int(raw[at : at + 8], 16) for at in range(0, len(raw), 8)]
    packed = b"".join(word.to_bytes(4, "little" if byteorder == "little" else "big") for word in words)
    return socket.inet_ntop(socket.AF_INET6 if len(packed) == 16 else socket.AF_INET, packed)


def parse_sockets(raw: str, state: str) -> list[dict[str, object]]:
    """Pick the sockets in one state out of /proc/net/tcp and its like."""
    found: list[dict[str, object]] = []
    for line in raw.split("\n"):
        fields = line.split()
        if len(fields) > 9 and fields[3] == state:
            address, _, port = fields[1].rpartition(":")
            found.append({"address": decode_address(address), "port": int(port, 16), "inode": fields[9]})
    return found


def table(name: str) -> str:
    """Read a table of the container's network namespace."""
    # Listening sockets come first in the table, so that cutting off a crowd of connections does no harm.
    return text(read("/proc/net/" + name, 4 << 20))


def listening(exposed: set[tuple[str, int]]) -> list[dict[str, object]]:
    """List the sockets that wait for clients.

    An unbound UDP client looks like a server: on a port that the kernel hands out it counts only when exposed.
    Name servers of the engine's and ours are none of the container's.
    """
    found = []
    for family in (socket.AF_INET, socket.AF_INET6):
        found += [dict(one, protocol="tcp") for one in tcp_listeners(family)]
    low, high = ephemeral()
    for name in ("udp", "udp6"):
        for one in parse_sockets(table(name), UNCONNECTED):
            port = int(str(one["port"]))
            if ("udp", port) in exposed or not low <= port <= high:
                found.append(dict(one, protocol="udp"))
    return [one for one in found if one["address"] not in (ENGINE_DNS, OUR_DNS)]


def tcp_listeners(family: int) -> list[dict[str, object]]:
    """List the TCP sockets of a family that wait for clients.

    The kernel's table of all connections takes it milliseconds, however few there are, since it goes through every
    slot of the machine's own; sock_diag(7) goes through those alone that wait. A kernel without it has the table.
    """
    try:
        return ask_kernel(family)
    except (OSError, ValueError, struct.error):
        return parse_sockets(table("tcp" if family == socket.AF_INET else "tcp6"), LISTENING)


def ask_kernel(family: int) -> list[dict[str, object]]:
    """Ask sock_diag(7) for the listening TCP sockets of a family. Raises OSError, ValueError where there is none."""
    states = 1 << int(LISTENING, 16)
    request = struct.pack("=BBBxI48x", family, socket.IPPROTO_TCP, 0, states)
    found: list[dict[str, object]] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG) as kernel:
        kernel.settimeout(1)
        kernel.sendto(struct.pack("=IHHII", 16 + len(request), BY_FAMILY, DUMP, 1, 0) + request, (0, 0))
        while True:
            said = kernel.recv(65536)
            while said:
                length, kind = struct.unpack_from("=IH", said)
                # The end says how it went, too: one without tcp_diag ends at once with -ENOENT.
                if kind == ERROR or length < 16 or (kind == DONE and struct.unpack_from("=i", said, 16)[0]):
                    raise ValueError("no sock_diag")
                if kind == DONE or len(found) > MAX_LISTENERS:
                    return found
                found.append(parse_listener(family, said[16:length]))
                said = said[(length + 3) & ~3 :]


def parse_listener(family: int, raw: bytes) -> dict[str, object]:
    """Decode the kernel's inet_diag_msg."""
    port, address, inode = struct.unpack_from("=xxxx2s2x16s44xI", raw)
    packed = address[:4] if family == socket.AF_INET else address
    return {
        "address": socket.inet_ntop(family, packed),
        "port": int.from_bytes(port, "big"),
        "inode": str(inode),
    }


def unix_sockets(raw: str) -> list[str]:
    """Pick the paths of the Unix sockets that wait for clients out of /proc/net/unix; those without a file are left out."""
    rows = (line.split(None, 7) for line in raw.split("\n")[1:])
    waiting = {
        row[7] for row in rows if len(row) == 8 and int(row[3], 16) & ACCEPTS and row[7].startswith("/")
    }
    return sorted(waiting)[:MAX_SOCKETS]


def ephemeral() -> tuple[int, int]:
    """Return the range of ports that the kernel hands out to clients."""
    fields = read("/proc/sys/net/ipv4/ip_local_port_range").split()
    return (int(fields[0]), int(fields[1])) if len(fields) == 2 else (32768, 60999)


def is_loopback(address: str) -> bool:
    """Whether nobody outside the container can reach it."""
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"


def own_addresses() -> list[str]:
    """Return the container's own addresses that others can reach: IPv4, then IPv6."""
    found = []
    for family, elsewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            # Connecting a datagram socket sends nothing; it only picks the source address.
            probe = socket.socket(family, socket.SOCK_DGRAM)
            try:
                probe.connect((elsewhere, 9))
                found.append(str(probe.getsockname()[0]))
            finally:
                probe.close()
        except OSError:  # noqa: PERF203 - two families, not a hot loop
            continue
    return found or trie_addresses(text(read("/proc/net/fib_trie", 1 << 20)))


def trie_addresses(raw: str) -> list[str]:
    """Pick the machine's own addresses out of /proc/net/fib_trie: for networks without a way out."""
    found: list[str] = []
    last = ""
    for line in raw.split("\n"):
        if "|--" in line:
            last = line.split()[-1]
        elif "/32 host LOCAL" in line and not is_loopback(last) and last not in found:
            found.append(last)
    return found
