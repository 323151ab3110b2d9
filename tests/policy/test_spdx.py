import pytest
import spdx


def ok(expression, *allowed):
    return spdx.satisfied(spdx.parse(expression), set(allowed))


def test_either_side_of_an_or_is_enough():
    assert ok("MIT OR GPL-3.0-only", "MIT")
    assert ok("GPL-3.0-only OR MIT", "MIT")
    assert not ok("GPL-3.0-only OR LGPL-3.0-only", "MIT")


def test_both_sides_of_an_and_are_needed():
    assert ok("Apache-2.0 AND ISC", "Apache-2.0", "ISC")
    assert not ok("Apache-2.0 AND ISC", "Apache-2.0")


def test_and_binds_tighter_than_or():
    assert ok("MIT OR ISC AND GPL-3.0-only", "MIT")
    assert not ok("MIT OR ISC AND GPL-3.0-only", "ISC")


def test_brackets_bind_first():
    assert not ok("(MIT OR ISC) AND Unicode-3.0", "MIT")
    assert ok("(MIT OR ISC) AND Unicode-3.0", "ISC", "Unicode-3.0")


def test_the_old_slash_means_or():
    assert ok("MIT/Apache-2.0", "MIT")
    assert ok("Apache-2.0 / GPL-3.0-only", "Apache-2.0")
    assert not ok("MIT/Apache-2.0", "ISC")


def test_a_licence_with_an_exception_is_another_licence():
    assert not ok("Apache-2.0 WITH LLVM-exception", "Apache-2.0")
    assert ok("Apache-2.0 WITH LLVM-exception", "Apache-2.0 WITH LLVM-exception")
    assert ok("Apache-2.0 WITH LLVM-exception OR MIT", "MIT")


def test_names_differ_by_version_and_suffix():
    assert not ok("GPL-2.0-or-later", "GPL-2.0-only")
    assert not ok("BSD-3-Clause", "BSD-2-Clause")


def test_every_licence_of_an_expression_is_named():
    tree = spdx.parse("(MIT OR Apache-2.0 WITH LLVM-exception) AND Unicode-3.0")
    assert spdx.licences(tree) == {"MIT", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"}


@pytest.mark.parametrize(
    "text",
    ["", "MIT OR", "OR MIT", "(MIT", "MIT)", "MIT ISC", "MIT WITH", "MIT WITH OR ISC", "MIT AND (ISC OR", "MIT; ISC", "()"],
)
def test_what_is_not_an_expression_is_refused(text):
    with pytest.raises(spdx.SpdxError):
        spdx.parse(text)
