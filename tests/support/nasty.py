"""Texts that YAML, Jinja2, JSON or a shell would like to take for something else."""

NASTY = (
    *("yes", "no", "on", "off", "y", "N", "true", "False", "null", "Null", "~"),
    *("0", "-1", "+1", "1.", ".5", "1e3", "1E+5", "1_000", "0x1F", "0o17", "017", "0b1", "12:34:56", "5Gi", "500m"),
    *(".inf", "-.INF", ".nan", "2026-11-23", "2026-11-23T10:00:00Z", "2.60", "2.60.0"),
    *"=?!%@`*&#-|>,[]{}:'\"\\/$;",
    *("<<", "---", "...", "- a", "-a", "? a", "a: b", "a:", ":a", "a #b", "#a", "*a", "&a b", "!!str a", "%YAML 1.1"),
    *("[a]", "{a: b}", "{}", "[]", '"a"', "'a'", "a'b\"c\\d", "\\n", "\\u0041", "|-", ">+"),
    *("{{ name }}", "{% if %}", "{# a #}", "}}", "{{", "${HOME}", "$(reboot)", "`reboot`", "a; b", "<a&amp;b>"),
    *(
        "",
        " ",
        "  a",
        "a  ",
        "\n",
        "\n\n",
        "a\nb",
        "a\nb\n",
        "a\nb\n\n",
        "\na",
        " a\nb",
        "a\n b",
        "a \nb",
        "a\n\nb",
        "a\n \nb",
    ),
    *("\t", "\ta\nb", "a\n\tb", "a\tb", "\r", "a\r\nb\r\n", "a\n---\nb", "a\n# b", "a\n- b: c\n"),
    *("\0", "\x1b[0m", "\x7f", "\x80", "\x85", "a\n\x85b", "\xa0", "\xad", "\u2028", "\u2029", "a\u2028b\nc"),
    *("\ufeff", "\ufeffa", "\ufffd", "\ufffe", "\uffff", "Grüße", "你好", "שלום", "e\u0301", "😀", "\U0010ffff"),
    "a" * 2000,
    "a" * 2000 + "!",  # for regular expressions that try every way to split it
    "a b " * 500,
)
