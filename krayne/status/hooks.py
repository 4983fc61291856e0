"""What the kubelet says of a lifecycle hook that failed, without the hook's own text: that may be a whole program."""

from __future__ import annotations

import re

from krayne.text import one_line

# Kubernetes 1.33, pkg/kubelet/lifecycle/handlers.go and pkg/kubelet/kuberuntime: the command stands in it twice.
# «Exec lifecycle hook ([CMD]) for Container "c" in Pod "p_ns(uid)" failed - error: command 'CMD' exited with 1: ERR,
# message: "OUTPUT"», the output as Go quotes text.
_FAILED = re.compile(r'\w+ lifecycle hook .*?\)" failed - error: (?P<error>.*)', re.DOTALL)
_COMMAND = re.compile(r"command '.*' exited with (?P<code>\d+): (?P<words>.*?)", re.DOTALL)
_OUTPUT = re.compile(r'(?P<error>.*), message: "(?P<output>.*)"', re.DOTALL)


def hook_failure(message: str) -> str | None:
    """Say how a postStart hook failed: its exit code and what it wrote; None if the message is about no hook."""
    found = _FAILED.search(message)
    if not found:
        return None
    told = _OUTPUT.fullmatch(found["error"])
    error, output = (told["error"], told["output"]) if told else (found["error"], "")
    if ran := _COMMAND.fullmatch(error):
        how = f"exit code {ran['code']}"
        words = ran["words"] or output
    elif error.startswith("command '"):  # cut off within the command
        how, words = "", output
    else:
        how, words = "", error
    said = one_line(words.replace("\\n", " ").replace('\\"', '"'))
    return ": ".join(part for part in ("its postStart hook failed", how, said) if part)
