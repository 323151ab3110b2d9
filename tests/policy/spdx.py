"""SPDX licence expressions, as far as crates use them: which choices would an expression accept?"""

import re

TOKEN = re.compile(r"\s*(\(|\)|/|[A-Za-z0-9.+-]+(?::[A-Za-z0-9.+-]+)?)")


class SpdxError(ValueError):
    """The text is not an SPDX expression."""


def tokens(text: str) -> list[str]:
    """Splits an expression. `/` is what old crates write for OR."""
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise SpdxError(f"{text!r}: unexpected {text[at:].strip()[0]!r}")
        found.append("OR" if match[1] == "/" else match[1])
        at = match.end()
    return found


def parse(text: str):
    """A tree of ("OR", [..]), ("AND", [..]) and licences, AND binding tighter. A licence keeps its exception:
    "Apache-2.0 WITH LLVM-exception"."""
    rest = tokens(text)

    def expression(operator, operand):
        parts = [operand()]
        while rest and rest[0] == operator:
            rest.pop(0)
            parts.append(operand())
        return parts[0] if len(parts) == 1 else (operator, parts)

    def any_of():
        return expression("OR", all_of)

    def all_of():
        return expression("AND", licence)

    def licence():
        word = rest.pop(0) if rest else None
        if word == "(":
            inner = any_of()
            if not rest or rest.pop(0) != ")":
                raise SpdxError(f"{text!r}: an opening bracket is not closed")
            return inner
        if word is None or word in (")", "OR", "AND", "WITH"):
            raise SpdxError(f"{text!r}: a licence was expected, found {word or 'the end'}")
        if rest and rest[0] == "WITH":
            rest.pop(0)
            if not rest or rest[0] in ("(", ")", "OR", "AND", "WITH"):
                raise SpdxError(f"{text!r}: WITH needs an exception")
            return f"{word} WITH {rest.pop(0)}"
        return word

    tree = any_of()
    if rest:
        raise SpdxError(f"{text!r}: {rest[0]} after the end of the expression")
    return tree


def licences(tree) -> set[str]:
    """Every licence that a tree names."""
    return {tree} if isinstance(tree, str) else set().union(*map(licences, tree[1]))


def satisfied(tree, allowed: set[str]) -> bool:
    """Whether the allowed licences are enough. A licence with an exception is allowed only where it is listed so."""
    if isinstance(tree, str):
        return tree in allowed
    return (any if tree[0] == "OR" else all)(satisfied(part, allowed) for part in tree[1])
