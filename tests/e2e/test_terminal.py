"""On a real terminal: prompts, live lines, ^C."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.shell import Shell


def test_delete_asks_and_takes_no_for_an_answer(shell: Shell) -> None:
    """It names what would go; `n` keeps it."""
    shell.krayne("create", "x", "--no-wait").ok()
    with shell.terminal("kubectl", "krayne", "delete", "x") as terminal:
        terminal.expect(r"x.*\?")
        terminal.send("n\n")
        assert terminal.wait() != 0
    shell.get("raycluster", "x")


def test_delete_asks_and_takes_yes_for_an_answer(shell: Shell) -> None:
    """`y` deletes."""
    shell.krayne("create", "x", "--no-wait").ok()
    with shell.terminal("kubectl", "krayne", "delete", "x") as terminal:
        terminal.expect(r"x.*\?")
        terminal.send("y\n")
        assert terminal.wait() == 0, terminal.text
        assert "raycluster.ray.io/x deleted" in terminal.text
    assert shell.run("kubectl", "get", "raycluster", "x").code == 1


def test_interrupting_the_prompt_deletes_nothing(shell: Shell) -> None:
    """^C at the question: said in a line of its own, with the exit code of any ^C."""
    shell.krayne("create", "x", "--no-wait").ok()
    with shell.terminal("kubectl", "krayne", "delete", "x") as terminal:
        terminal.expect(r"x.*\?")
        terminal.interrupt()
        assert terminal.wait() == 130, terminal.text
        assert "\nNothing was deleted.\n" in terminal.text
        assert "Traceback" not in terminal.text
    shell.get("raycluster", "x")


def test_the_end_of_the_input_is_a_no(shell: Shell) -> None:
    """^D at the question."""
    shell.krayne("create", "x", "--no-wait").ok()
    with shell.terminal("kubectl", "krayne", "delete", "x") as terminal:
        terminal.expect(r"x.*\?")
        terminal.send("\x04")
        assert terminal.wait() == 1, terminal.text
        assert terminal.text.endswith("\nNothing was deleted.\n"), terminal.text
    shell.get("raycluster", "x")


def test_interrupting_a_delete_tells_how_to_follow_it(shell: Shell) -> None:
    """^C while waiting: what is being deleted stays so, and the rest of the wait can be had."""
    shell.krayne("create", "x", "--no-wait").ok()
    hold = '{"metadata": {"finalizers": ["example.com/hold"]}}'
    shell.kubectl("patch", "raycluster", "x", "--type=merge", "-p", hold)
    try:
        with shell.terminal("kubectl", "krayne", "delete", "x", "-y") as terminal:
            terminal.expect("raycluster.ray.io/x deleted")
            terminal.interrupt()
            assert terminal.wait() == 130, terminal.text
            assert f"kubectl krayne wait x -n {shell.namespace} --for deleted\n" in terminal.text
        again = shell.krayne("create", "x", "--no-wait")
        assert again.code == 1, str(again)
        assert f"kubectl krayne wait x -n {shell.namespace} --for deleted" in again.err
        assert "is being deleted" in shell.krayne("scale", "x", "-r", "1").ok().err
    finally:
        shell.kubectl("patch", "raycluster", "x", "--type=merge", "-p", '{"metadata": {"finalizers": null}}')


def test_create_shows_a_live_line_per_group(shell: Shell) -> None:
    """Lines that are drawn over, one for the head and one for each group, until it is ready."""
    # The player takes its time over the containers, as a real kubelet does unasked.
    text = 'name: x\nannotations: {sandbox.krayne.io/slow-start: "0.7"}\nworker_groups: [{name: w2, replicas: 1}]\n'
    with shell.terminal("kubectl", "krayne", "create", "-f", shell.write("x.yaml", text)) as terminal:
        terminal.expect("raycluster.ray.io/x created")
        assert terminal.wait() == 0, terminal.text
        assert "\x1b[" in terminal.shown, "live lines are drawn over"
        assert all(group in terminal.text for group in ("head", "w2")), terminal.text
        assert "ready" in terminal.text


def test_interrupting_create_leaves_the_cluster_and_the_terminal(shell: Shell) -> None:
    """^C while waiting: what is there stays, both ways on are told, the cursor is visible again."""
    with shell.terminal("kubectl", "krayne", "create", "big", "--set", "head.memory=900Ti") as terminal:
        terminal.expect("unschedulable")
        terminal.interrupt()
        assert terminal.wait() != 0
        assert "kubectl krayne wait big" in terminal.text
        assert "kubectl krayne delete big" in terminal.text
        assert "Traceback" not in terminal.text
        assert terminal.shown.rfind("\x1b[?25l") <= terminal.shown.rfind("\x1b[?25h"), "the cursor stays hidden"
    shell.get("raycluster", "big")


def test_no_color_is_respected(demo: Shell) -> None:
    """NO_COLOR: a terminal, and no colour."""
    with demo.terminal("kubectl", "krayne", "get", NO_COLOR="1") as terminal:
        assert terminal.wait() == 0
        assert "\x1b[3" not in terminal.shown
