"""Running programs: real ones, whatever they write and however they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from krayne.process import Completed, Process
from tests.support.shell import until

PYTHON = sys.executable


def run(code: str, stdin: bytes | None = None) -> Completed:
    """Run a Python program as krayne runs kubectl."""
    return Process([PYTHON, "-c", code], stdin=stdin).communicate()


def test_gives_exit_code_and_both_outputs_unchanged() -> None:
    """Bytes on stdout come as bytes."""
    code = "import sys; sys.stdout.buffer.write(b'\\xff\\r\\n'); sys.stderr.write('oh'); sys.exit(3)"
    assert run(code) == (3, b"\xff\r\n", "oh")


def test_gives_the_signal_that_ended_it() -> None:
    """A killed program has a negative code."""
    assert run("import os; os.kill(os.getpid(), 9)").code == -signal.SIGKILL


def test_passes_large_input_and_output_both_ways() -> None:
    """Neither side blocks the other, whatever the pipes hold."""
    text = os.urandom(1 << 20)
    assert run("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())", stdin=text)[1] == text


def test_survives_a_program_that_does_not_read_its_input() -> None:
    """The rest of the input is dropped."""
    assert run("print('bye')", stdin=b"x" * (1 << 20))[:2] == (0, b"bye\n")


def test_stdout_is_no_terminal() -> None:
    """sh gives a terminal by default; kubectl would format for it."""
    assert run("import sys; print(sys.stdout.isatty(), sys.stderr.isatty())")[1] == b"False False\n"


def test_tells_what_is_said_while_the_program_waits() -> None:
    """A login plugin's prompt reaches the user before the program ends, and is not lost for the error."""
    told: list[str] = []

    def tell(text: str) -> None:
        told.append(text)
        waiting._running.signal(signal.SIGTERM)

    program = "import os, time; os.write(2, b'open this page'); time.sleep(60)"
    waiting = Process([PYTHON, "-c", program], tell=tell)
    done = waiting.communicate()
    assert (told, done.stderr) == (["open this page"], "open this page")


def test_does_not_wait_for_children_that_keep_its_output_open() -> None:
    """A plugin that left a browser behind does not hang krayne."""
    code = "import subprocess, sys; print(subprocess.Popen(['/bin/sleep', '60']).pid)"
    done = run(code)
    os.kill(int(done[1]), signal.SIGTERM)
    assert done[0] == 0


@pytest.mark.parametrize("program", ["no-such-program", "/no/such/program"])
def test_a_missing_program_is_file_not_found(program: str) -> None:
    """Whoever called says what to install."""
    with pytest.raises(FileNotFoundError):
        Process([program])


def test_a_program_that_cannot_run_is_permission_denied(tmp_path: Path) -> None:
    """Executable by its mode, but no program; a file that is not executable; a folder."""
    broken, text = tmp_path / "kubectl", tmp_path / "text"
    broken.write_bytes(b"\x00\x01no program")
    broken.chmod(0o755)
    text.write_text("no program")
    for path in (broken, text, tmp_path):
        with pytest.raises(PermissionError):
            Process([str(path)])


def test_what_it_writes_just_before_its_end_is_read(tmp_path: Path) -> None:
    """Also where that comes after a look at its output that found nothing, and before the look at whether it runs."""
    go = tmp_path / "go"

    class Late(Process):
        def alive(self) -> bool:
            go.touch()
            self._wait()
            return super().alive()

    late = Late(["/bin/sh", "-c", f"until [ -e {go} ]; do /bin/sleep 0.01; done; echo last"])
    assert late.communicate().stdout == b"last\n"


def test_stop_ends_it_and_gives_all_pipes_back() -> None:
    """Twice does no harm."""
    before = set(Path("/proc/self/fd").iterdir())
    process = Process(["/bin/sleep", "60"])
    process.stop()
    process.stop()
    assert not process.alive()
    assert set(Path("/proc/self/fd").iterdir()) == before


@pytest.mark.parametrize("deaf", [False, True])
def test_a_program_that_takes_too_long_is_ended(deaf: bool) -> None:
    """Also one that hears no SIGTERM; nothing of it is left."""
    before = set(Path("/proc/self/fd").iterdir())
    code = f"import signal, time; {'signal.signal(15, signal.SIG_IGN); ' * deaf}print('hi', flush=True); time.sleep(60)"
    process = Process([PYTHON, "-c", code])
    with pytest.raises(TimeoutError):
        process.communicate(until=time.monotonic() + 0.5)
    assert not process.alive()
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_what_was_written_in_time_is_read_even_if_late() -> None:
    """A caller who was busy until the time was up loses no answer."""
    process = Process(["/bin/echo", "hi"])
    until(lambda: not process.alive())
    assert process.communicate(until=time.monotonic() - 1) == (0, b"hi\n", "")


def test_krayne_s_own_process_imports_sh_without_what_only_its_async_interface_needs() -> None:
    """Two thirds of its import; what is used of it after all is loaded then."""
    code = (
        "import sys; from krayne import deferred; deferred.allowed = True\n"
        "from krayne.process import Process; Process(['/bin/true']).communicate()\n"
        "print('asyncio' in sys.modules, 'importlib.metadata' in sys.modules)\n"
        "import asyncio, importlib.metadata; asyncio.run(asyncio.sleep(0)); print(importlib.metadata.version('sh')[:1])"
    )
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n2\n"


def test_a_program_that_uses_the_sdk_has_sh_whole() -> None:
    """Its async interface, too."""
    code = (
        "from krayne.process import Process; Process(['/bin/true']).communicate()\n"
        "import asyncio, sh\n"
        "async def main(): return await sh.Command('/bin/echo')('hi', _async=True)\n"
        "print(sh.__version__ != 'unknown', str(asyncio.run(main())).strip())"
    )
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True hi\n"


def test_runs_inside_an_event_loop() -> None:
    """In a notebook asyncio is loaded and runs."""
    code = (
        "import asyncio; from krayne.process import Process\n"
        "async def main(): return Process(['/bin/echo', 'hi']).communicate()\n"
        "print(asyncio.run(main()).stdout)"
    )
    assert subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True).stdout == "b'hi\\n'\n"


def test_kills_a_stopped_program_and_keeps_its_last_words() -> None:
    """A program that is stopped does not hear SIGTERM."""
    code = "import os, sys; sys.stderr.write('last'); sys.stderr.flush(); os.kill(os.getpid(), 19)"
    process = Process([PYTHON, "-c", code])
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    assert process.kill() == (-signal.SIGKILL, b"", "last")
    assert not process.alive()


@pytest.mark.parametrize(("ends", "code"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_attached_program_has_our_streams_and_its_exit_code_is_given(ends: str, code: int) -> None:
    """What it reads and writes is ours, unchanged; a signal counts as shells count it."""
    run_it = "import sys; from krayne.process import run_attached; sys.exit(run_attached(sys.argv[1:]))"
    argv = [PYTHON, "-c", run_it, "/bin/sh", "-c", f"/bin/cat; echo oh >&2; {ends}"]
    done = subprocess.run(argv, input=b"in", capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, b"in", b"oh\n")


def test_attached_program_is_ended_with_us_and_answers_interrupts_itself() -> None:
    """SIGTERM ends both; ^C leaves the decision to the program."""
    run_it = "import sys; from krayne.process import run_attached; sys.exit(run_attached(sys.argv[1:]))"
    program = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, lambda *_: os.write(1, b'mine\\n'))\n"
        "signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b'ended\\n'), sys.exit(5)))\n"
        "os.write(1, b'up\\n')\n"
        "while True: signal.pause()"
    )
    argv = [PYTHON, "-c", run_it, PYTHON, "-c", program]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True) as attached:
        assert attached.stdout
        assert attached.stdout.readline() == "up\n"
        os.killpg(attached.pid, signal.SIGINT)
        assert attached.stdout.readline() == "mine\n"
        attached.terminate()
        assert attached.stdout.readline() == "ended\n"
        assert attached.wait() == 5
